package tlsdiff

import "testing"

func TestWhatWasAskedOtherwiseIsNamed(t *testing.T) {
	before := Asked{Service: "shop.example", Client: "shop/cart", Subset: "v1"}
	for want, asked := range map[string]Asked{
		"":                          before,
		"--subset is v2 and was v1": {Service: "shop.example", Client: "shop/cart", Subset: "v2"},
		"CLIENT is not given and was shop/cart, --by-address is given and was not given":                                                                                                              {Service: "shop.example", Subset: "v1", ByAddress: true},
		"--all is given and was not given, --namespace is shop and was not given, SERVICE is not given and was shop.example, CLIENT is not given and was shop/cart, --subset is not given and was v1": {All: true, Namespace: "shop"},
	} {
		if got := asked.Differs(before); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
