package cli

// trailHints say what to do about the errors of CloudTrail's own operations,
// by AWS error code.
func trailHints() map[string]string { return map[string]string{} }
