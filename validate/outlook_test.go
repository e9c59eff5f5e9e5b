package validate

import "testing"

func TestOutlook(t *testing.T) {
	var o Outlook
	same := func(when string, want Guess) {
		t.Helper()
		if got := o.Guess(); got != want {
			t.Errorf("%s: %+v, want %+v", when, got, want)
		}
	}
	digest := func(s Status, logs int) *digestFile {
		return &digestFile{status: s, doc: &document{listed: logs}}
	}
	busy, calm := chainID{Region: "us-east-1"}, chainID{Region: "eu-west-1"}
	same("before all", Guess{})
	o.found(4)
	same("four regions", Guess{Units: 4})
	o.listed(busy, 10)
	o.opened()
	o.listed(calm, 10)
	o.opened()
	same("half of them are listed", Guess{Units: 4, Begun: 2, Digests: 40})
	o.walked(busy, digest(Valid, 30))
	same("a chain that was not begun is like the other", Guess{Units: 4, Begun: 2, Digests: 40, LogFiles: 1200})
	o.walked(calm, digest(Valid, 0))
	o.walked(busy, digest(Invalid, 30))
	o.walked(busy, &digestFile{status: Missing})
	same("chains go on as they began", Guess{Units: 4, Begun: 2, Digests: 40, LogFiles: 200})
	o.walked(chainID{}, digest(Valid, 5)) // of which nobody said anything
	same("an unknown chain", Guess{Units: 4, Begun: 2, Digests: 40, LogFiles: 200})

	var none *Outlook
	none.found(1)
	none.listed(busy, 1)
	none.opened()
	none.walked(busy, digest(Valid, 1))
}
