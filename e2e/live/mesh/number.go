package mesh

import (
	"regexp"
	"strconv"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// The numbers of markers: all of five digits, so that none is the beginning of another, and each a port that a gateway may
// listen at and Istio uses for nothing.
const (
	firstNumber = 30000
	lastNumber  = 59999
)

// anyNumber finds the number in a marker's spec.
var anyNumber = regexp.MustCompile(`\b[3-5][0-9]{4}\b`)

// after returns the number that follows another: after the last one the first again, which nothing remembers any more.
func after(number int) int {
	if number < firstNumber || number >= lastNumber {
		return firstNumber
	}
	return number + 1
}

// reader finds the numbers of a marker in a resource.
type reader func(*anypb.Any) ([]int, error)

// spelled reads numbers out of a name, which a resource holds as it is, however deep it lies
// (https://protobuf.dev/programming-guides/encoding/#length-types).
func spelled(pattern string) reader {
	expression := regexp.MustCompile(pattern)
	return func(resource *anypb.Any) ([]int, error) {
		var all []int
		for _, found := range expression.FindAllSubmatch(resource.GetValue(), -1) {
			number, err := strconv.Atoi(string(found[1]))
			if err != nil {
				return nil, err
			}
			all = append(all, number)
		}
		return all, nil
	}
}

// destinationPort reads the ports for which a listener has chains of their own.
func destinationPort(resource *anypb.Any) ([]int, error) {
	var listener listenerv3.Listener
	if err := proto.Unmarshal(resource.GetValue(), &listener); err != nil {
		return nil, err
	}
	var all []int
	for _, chain := range listener.GetFilterChains() {
		if port := int(chain.GetFilterChainMatch().GetDestinationPort().GetValue()); port >= firstNumber && port <= lastNumber {
			all = append(all, port)
		}
	}
	return all, nil
}
