package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"trailctl/bucket"
	"trailctl/validate"
)

var sha256Pattern = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)

func (o *validateOptions) checkManifestFlag() error {
	if o.manifestSHA != "" && !sha256Pattern.MatchString(o.manifestSHA) {
		return usagef("--manifest-sha256 %q: it has 64 hexadecimal digits, as \"trailctl logs download --evidence\" prints them", o.manifestSHA)
	}
	return nil
}

// useManifest looks for the manifest of a copy in the folders in which it may
// lie. The last but those above the copy is the copy's own.
func (o *validateOptions) useManifest(t *validateTarget, dir string, places []string) {
	i := slices.IndexFunc(places, func(place string) bool {
		return exists(filepath.Join(place, bucket.ManifestFile)) || exists(filepath.Join(place, bucket.UnfinishedManifest))
	})
	switch {
	case i >= 0:
		t.options.Manifest = &validate.Manifest{Dir: places[i], SHA256: o.manifestSHA}
	case o.manifestSHA != "":
		t.options.Manifest = &validate.Manifest{Dir: dir, SHA256: o.manifestSHA}
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// maxAbove is how many folders above a copy are looked into for what a
// download puts at its top: the bucket's prefix stands between the two.
const maxAbove = 3

// placesAround are the folders in which a copy's keys and manifest may lie:
// from the one that holds AWSLogs up to dir, and then some above it.
func placesAround(dir, below string) []string {
	var places []string
	for below = strings.Trim(below, "/"); below != ""; {
		places = append(places, filepath.Join(dir, filepath.FromSlash(below)))
		i := max(strings.LastIndexByte(below, '/'), 0)
		below = below[:i]
	}
	places = append(places, filepath.Clean(dir))
	up, err := filepath.Abs(dir)
	if err != nil {
		return places
	}
	for range maxAbove {
		above := filepath.Dir(up)
		if above == up {
			break
		}
		places, up = append(places, above), above
	}
	return places
}
