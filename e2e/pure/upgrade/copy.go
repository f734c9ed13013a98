package upgrade

import "time"

// Copy is a request that was seen in the clear.
type Copy struct {
	ID         string    `json:"id"`
	Series     string    `json:"series"`
	Client     string    `json:"client"`
	Connection string    `json:"connection"`
	At         time.Time `json:"at"`
}
