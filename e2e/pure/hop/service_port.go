package hop

import (
	"fmt"
	"strconv"
	"strings"
)

// ServicePort names a port of a service; the port is the Service's, not the workload's.
// As text it is SERVICE:PORT.
type ServicePort struct {
	Service string
	Port    uint16
}

// String returns SERVICE:PORT.
func (s ServicePort) String() string { return s.Service + ":" + strconv.Itoa(int(s.Port)) }

// MarshalText writes SERVICE:PORT.
func (s ServicePort) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads SERVICE:PORT and refuses anything else.
func (s *ServicePort) UnmarshalText(text []byte) error {
	service, port, found := strings.Cut(string(text), ":")
	number, err := strconv.ParseUint(port, 10, 16)
	if !found || service == "" || err != nil || number == 0 {
		return fmt.Errorf("%q is not SERVICE:PORT", text)
	}
	*s = ServicePort{Service: service, Port: uint16(number)}
	return nil
}
