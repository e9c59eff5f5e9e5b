package count

import (
	"hash/maphash"

	"trailctl/logs"
)

// Overview is what one wants to know first of some log files. Of its groups
// those that have no values have a count and times only.
type Overview struct {
	Total  Group
	NoTime int64 // records without an eventTime that can be read

	Writes Group // calls that were to change something, as far as records say
	Failed Group // calls and logins: see logs.Record.Failed
	// Root is use of the root user: not what services did in its name.
	Root Group
	// Logins are ConsoleLogin events. LoginsWithoutMFA are those of IAM users
	// and the root user that succeeded and do not say that a second factor was
	// used. Of federated users AWS does not know it: their identity provider
	// asks for it.
	Logins, FailedLogins, LoginsWithoutMFA Group

	// By account, region, service, event, identity, address and error.
	Accounts, Regions, Services, Events, Identities, Addresses, Errors *Result
}

// overviewBy are the words that an overview counts by.
var overviewBy = [...]string{"account", "region", "service", "event", "identity", "address", "error"}

// NewOverview makes a counter for Overview.
func NewOverview(limit int) *Counter {
	c := &Counter{}
	c.memory.left.Store(int64(memory(limit)))
	seed := maphash.MakeSeed()
	c.make = func() *table {
		t := newTable(Options{}, &c.memory, seed)
		t.facts = newFacts(t)
		for _, word := range overviewBy {
			p, _ := logs.ParsePath(word) // cannot fail
			y := newTally(t, []logs.Path{p})
			y.seen = t.facts.about(word)
			t.tallies = append(t.tallies, y)
		}
		return t
	}
	return c
}

// Overview adds up what was counted by a counter of NewOverview. It ends the
// counting.
func (c *Counter) Overview() *Overview {
	t := c.all()
	f := t.facts
	o := &Overview{
		Total: t.total.export(), NoTime: t.noTime,
		Writes: f.writes.export(), Failed: f.failed.export(), Root: f.root.export(),
		Logins: f.logins.export(), FailedLogins: f.failedLogins.export(), LoginsWithoutMFA: f.withoutMFA.export(),
	}
	for i, to := range []**Result{&o.Accounts, &o.Regions, &o.Services, &o.Events, &o.Identities, &o.Addresses, &o.Errors} {
		r := newResult(Options{By: t.tallies[i].paths}, t, t.tallies[i:])
		*to = r
	}
	return o
}

// facts are what an overview tells beside its tables.
type facts struct {
	table *table

	writes, failed, root, logins, failedLogins, withoutMFA *group

	// Of the record at hand, from the tallies.
	isFailed, isLogin, isRoot, isWrite bool

	readOnly, outcome, mfa logs.Path
	seeReadOnly            func([]byte) bool
}

func newFacts(t *table) *facts {
	f := &facts{table: t}
	for _, g := range f.groups() {
		*g = lone()
	}
	for path, to := range map[string]*logs.Path{
		"readOnly": &f.readOnly, "responseElements.ConsoleLogin": &f.outcome, "additionalEventData.MFAUsed": &f.mfa,
	} {
		*to, _ = logs.ParsePath(path) // cannot fail
	}
	f.seeReadOnly = func(text []byte) bool {
		f.isWrite = string(text) == "false"
		return false
	}
	return f
}

func (f *facts) groups() []**group {
	return []**group{&f.writes, &f.failed, &f.root, &f.logins, &f.failedLogins, &f.withoutMFA}
}

// about is what looks at the values of a word on their way into its tally.
func (f *facts) about(word string) func([]byte) {
	switch word {
	case "event":
		return func(text []byte) { f.isLogin = string(text) == "ConsoleLogin" }
	case "error":
		return func([]byte) { f.isFailed = true }
	case "identity":
		return func(text []byte) { f.isRoot = string(text) == "root" }
	}
	return nil
}

func (f *facts) record(r *logs.Record) {
	t := f.table
	f.readOnly.Each(r, f.seeReadOnly)
	if f.isWrite {
		t.add(f.writes)
	}
	if f.isFailed {
		t.add(f.failed)
	}
	if f.isRoot && rootUse(r) {
		t.add(f.root)
	}
	if f.isLogin {
		t.add(f.logins)
		if f.isFailed {
			t.add(f.failedLogins)
		}
		if f.passwordAlone(r) {
			t.add(f.withoutMFA)
		}
	}
	f.isFailed, f.isLogin, f.isRoot, f.isWrite = false, false, false, false
}

// rootUse is how the CIS AWS Foundations Benchmark tells use of the root user.
// An IAM user may be called root, too.
func rootUse(r *logs.Record) bool {
	id := r.Identity()
	return id.Type == "Root" && id.InvokedBy == "" && r.Type() != "AwsServiceEvent"
}

// passwordAlone tells logins that succeeded without a second factor, as the
// ready set login-without-mfa does.
func (f *facts) passwordAlone(r *logs.Record) bool {
	if r.Source() != "signin.amazonaws.com" || f.outcome.First(r) != "Success" || f.mfa.First(r) == "Yes" {
		return false
	}
	kind := r.Identity().Type
	return kind == "IAMUser" || kind == "Root"
}

func (f *facts) merge(other *facts) {
	mine, others := f.groups(), other.groups()
	for i := range mine {
		(*mine[i]).merge(*others[i])
	}
}
