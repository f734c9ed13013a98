package clusterpage

import "strconv"

// number parts thousands: "1,200".
func number(count int) string {
	digits := strconv.Itoa(count)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural counts things: "1 hop", "1,200 hops".
func plural(count int, what string) string {
	if count != 1 {
		what += "s"
	}
	return number(count) + " " + what
}
