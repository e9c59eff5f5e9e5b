package cli

import (
	"os"
	"path/filepath"
	"strings"
)

// outside refuses a --dest inside of what is read, whose files would be read
// again with it from then on, and one that holds something that is read.
func outside(dest string, targets []string) error {
	to := resolved(dest)
	for _, word := range targets {
		if word == "-" {
			continue
		}
		if _, err := os.Stat(word); err != nil {
			continue // it lies elsewhere, or is told to be missing
		}
		from := resolved(word)
		how := ""
		switch {
		case to == from:
			how = "--dest %[1]s is read, too: "
		case within(to, from):
			how = "--dest %[1]s lies in %[2]s, which is read: "
		case within(from, to):
			how = "--dest %[1]s holds %[2]s, which is read: "
		default:
			continue
		}
		return withHint(usagef(how+"its files would be read with it from then on", dest, word), "name a folder elsewhere")
	}
	return nil
}

// resolved is the absolute path of a file or folder without links; of what is
// not there yet, that of the folder in which it would be, with the rest.
func resolved(name string) string {
	path, err := filepath.Abs(name)
	if err != nil {
		return filepath.Clean(name)
	}
	rest := ""
	for dir := path; ; dir = filepath.Dir(dir) {
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			return filepath.Join(real, rest)
		}
		if dir == filepath.Dir(dir) {
			return path
		}
		rest = filepath.Join(filepath.Base(dir), rest)
	}
}

// within tells whether a path lies below a folder.
func within(path, folder string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(folder, string(filepath.Separator))+string(filepath.Separator))
}
