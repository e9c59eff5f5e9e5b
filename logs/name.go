package logs

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"trailctl/bucket"
)

// What a download keeps in its folder besides the objects.
const (
	// KeysFile is the file at the top that holds the public keys.
	KeysFile = "public-keys.json"
	// LockFile is there while a download is running. A killed one leaves it
	// behind, and the next one clears up then.
	LockFile = ".trailctl-lock"
	// partial begins the names of files that are not whole yet. They stand in
	// the folder that the whole file will stand in.
	partial = ".trailctl-partial"
	// unfinishedKeys is KeysFile until it is whole.
	unfinishedKeys = partial + "-keys"
)

// isOwn tells what a download left in its folder from what it copied.
func isOwn(key string) bool {
	switch name := path.Base(key); {
	case name == KeysFile, name == LockFile, name == bucket.ManifestFile, name == bucket.UnfinishedManifest, strings.HasPrefix(name, partial):
		return true
	}
	return false
}

// maxName is the longest name of a file or folder in bytes; so it is on all
// usual file systems.
const maxName = 255

// localName is the path that a key gets below the folder. Keys that would
// lead out of it, or mean different places on different systems, have none.
func localName(key string) (string, error) {
	bad := ""
	for segment := range strings.SplitSeq(key, "/") {
		if bad = badSegment(segment); bad != "" {
			break
		}
	}
	if first, _, _ := strings.Cut(key, "/"); bad == "" && isOwn(first) {
		bad = "a name that the download needs for itself"
	}
	if bad != "" {
		return "", fmt.Errorf("the key %q cannot be a path in a folder: it has %s", key, bad)
	}
	return key, nil
}

// badSegment says what keeps a name from being that of one file or folder,
// and the same one on every system; "" when nothing does.
func badSegment(name string) string {
	switch {
	case name == "":
		return "an empty folder name"
	case name == "." || name == "..":
		return "the folder name " + name
	case strings.Contains(name, `\`):
		return "a backslash, which on Windows leads into a folder"
	case strings.IndexFunc(name, unicode.IsControl) >= 0:
		return "a control character"
	case strings.IndexFunc(name, isUnseen) >= 0:
		return "a character that cannot be seen or turns the writing direction"
	case !utf8.ValidString(name):
		return "a name that is not UTF-8"
	case len(name) > 1 && name[1] == ':':
		return "a drive letter"
	case isDevice(name):
		return "a name that Windows keeps for a device: " + name
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		return "a dot or a blank at the end of a name, which Windows leaves out"
	case len(name) > maxName:
		return fmt.Sprintf("a name of more than %d bytes", maxName)
	case strings.HasPrefix(name, partial):
		return "a name that the download needs for itself"
	}
	return ""
}

// isUnseen tells characters that make two names look alike: format characters
// (zero width, writing direction, tags), separators of lines, and those that
// Unicode lets be shown as nothing.
func isUnseen(r rune) bool {
	return r > unicode.MaxASCII && unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// isDevice tells the names that Windows keeps for devices in every folder,
// with any extension: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func isDevice(name string) bool {
	name, _, _ = strings.Cut(name, ".")
	name = strings.ToUpper(strings.TrimRight(name, " "))
	switch name {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(name, "COM")
	if !ok {
		port, ok = strings.CutPrefix(name, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.ContainsAny(port, "0123456789¹²³")
}
