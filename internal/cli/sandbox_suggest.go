package cli

import (
	"strconv"
	"strings"

	"trailctl/internal/when"
)

// sandboxWord is what to do in place of a verb that the sandbox does not have.
// Verbs of that name elsewhere act on trails, which is not what was meant.
func sandboxWord(path []string, word string) string {
	if strings.Join(path, " ") != "sandbox" {
		return ""
	}
	switch word {
	case "stop", "end", "kill", "down", "quit", "shutdown", "delete", "rm":
		return "Ctrl+C or SIGTERM stops what \"sandbox start\" started, and the end of its command what \"sandbox exec\" did"
	case "status", "list", "ls", "show", "info":
		return "a running sandbox tells how it stands at its address: curl $AWS_ENDPOINT_URL/_sandbox/status"
	}
	return ""
}

// sandboxFlag is the error of a flag of the sandbox that has another name
// here, and another value with it; nil for all others.
func sandboxFlag(path []string, typed, value string) error {
	name := strings.TrimLeft(typed, "-")
	switch line := strings.Join(path, " "); {
	case line == "sandbox advance":
		if _, err := when.ParseAgo(name); err == nil {
			return clockGoesBack(typed)
		}
	case (line == "sandbox start" || line == "sandbox exec") && (name == "port" || name == "p"):
		if _, err := strconv.ParseUint(value, 10, 16); err != nil {
			value = "PORT"
		}
		return usagef("unknown flag %s for %s: did you mean --listen %s?", typed, line, "127.0.0.1:"+value)
	}
	return nil
}
