package cli

import "fmt"

// keysEnd says why what a sandbox has delivered into an upstream is of no use
// to a later one.
const keysEnd = "signing keys end with it, so no later sandbox can validate what it delivers: use a new bucket each time, or --dir DIR, which keeps them"

// upstreamText says what stands behind the sandbox.
func (o *sandboxOptions) upstreamText(upstream string) string {
	if upstream == "" {
		return ""
	}
	text := fmt.Sprintf("# CloudTrail is its own; every other call goes on to %s, and log files are delivered there.\n", upstream)
	if o.losesKeys() {
		text += "# Its trails and their history end with it; what was delivered stays.\n# Its " + keysEnd + ".\n"
	}
	return text
}

// losesKeys tells whether log files outlive the keys that prove them.
func (o *sandboxOptions) losesKeys() bool { return o.upstream != "" && o.dir == "" }

// history says what is there to be read from the beginning.
func (o *sandboxOptions) history() string {
	switch {
	case o.seedEvents > 0 && o.dir != "":
		return fmt.Sprintf("# Its state is kept in %q, with %d made-up events and the trail seed-trail, unless it had some before.\n", o.dir, o.seedEvents)
	case o.seedEvents > 0:
		return fmt.Sprintf("# %d made-up events of the %s are in the event history and in the files of the trail seed-trail.\n", o.seedEvents, o.seedWindow())
	case o.dir != "":
		return fmt.Sprintf("# Its state is kept in %q.\n", o.dir)
	case o.upstream != "":
		return "# It has no trails and no history yet (--seed-events N makes some); buckets are the upstream's.\n"
	}
	return "# It is empty (--seed-events N makes a history).\n"
}

// seedWindow is the time in which the made-up events lie.
func (o *sandboxOptions) seedWindow() string {
	if o.seedDays == 1 {
		return "last day"
	}
	return fmt.Sprintf("last %d days", o.seedDays)
}

// seedPatience says why making events takes its time.
func (o *sandboxOptions) seedPatience() string {
	if o.upstream == "" {
		return ""
	}
	return " each of their files is delivered to the upstream, which can take minutes"
}
