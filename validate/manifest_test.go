package validate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trailctl/bucket"
)

// writeManifest writes the manifest of all files of a folder.
func writeManifest(t *testing.T, dir string) (seal string) {
	t.Helper()
	var entries []bucket.ManifestEntry
	end := bucket.ManifestEnd{End: true}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		sum := sha256.Sum256(raw)
		entries = append(entries, bucket.ManifestEntry{Key: filepath.ToSlash(rel), Size: int64(len(raw)), SHA256: hex.EncodeToString(sum[:])})
		end.Files, end.Bytes = end.Files+1, end.Bytes+int64(len(raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(entries, func(a, b bucket.ManifestEntry) int { return bucket.ComparePaths(a.Key, b.Key) })
	lines := []any{bucket.ManifestHead{Version: bucket.ManifestVersion, Kind: bucket.ManifestKind, Runs: []bucket.ManifestRun{{Bucket: "b"}}}}
	for _, e := range entries {
		lines = append(lines, e)
	}
	var text []byte
	for _, l := range append(lines, end) {
		raw, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, raw...), '\n')
	}
	if err := os.WriteFile(filepath.Join(dir, bucket.ManifestFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func TestManifest(t *testing.T) {
	t.Parallel()
	some := func(dir string) string {
		list, _ := filepath.Glob(dir + "/AWSLogs/*/CloudTrail/*/*/*/*/*.json.gz")
		return list[0]
	}
	for name, c := range map[string]struct {
		do   func(dir string) error
		seal string
		want []Code
	}{
		"whole":             {want: []Code{CodeManifest}},
		"another seal":      {seal: strings.Repeat("0", 64), want: []Code{CodeManifestSeal}},
		"one more byte":     {do: func(d string) error { return os.Truncate(some(d), 20) }, want: []Code{CodeEvidenceChanged, CodeHash}},
		"deleted":           {do: func(d string) error { return os.Remove(some(d)) }, want: []Code{CodeEvidenceMissing, CodeNotFound}},
		"added":             {do: func(d string) error { return os.WriteFile(some(d)+".json", nil, 0o600) }, want: []Code{CodeEvidenceAdded}},
		"added at the end":  {do: func(d string) error { return os.WriteFile(d+"/AWSLogs/zz", nil, 0o600) }, want: []Code{CodeEvidenceAdded}},
		"added beside them": {do: func(d string) error { return os.WriteFile(d+"/notes.txt", nil, 0o600) }, want: []Code{CodeManifest}},
		"a link to the same": {do: func(d string) error {
			name := some(d)
			if err := os.Rename(name, d+"/elsewhere"); err != nil {
				return err
			}
			up, _ := filepath.Rel(filepath.Dir(name), d+"/elsewhere")
			return os.Symlink(up, name)
		}, want: []Code{CodeEvidenceChanged}},
		"a link out of it": {do: func(d string) error {
			name := some(d)
			if err := os.Remove(name); err != nil {
				return err
			}
			return os.Symlink("/etc/passwd", name)
		}, want: []Code{CodeEvidenceChanged, CodeUnreadable}},
		"no manifest":    {do: func(d string) error { return os.Remove(d + "/" + bucket.ManifestFile) }},
		"gone with seal": {do: func(d string) error { return os.Remove(d + "/" + bucket.ManifestFile) }, seal: strings.Repeat("0", 64), want: []Code{CodeManifestMissing}},
		"not finished": {do: func(d string) error {
			return os.Rename(d+"/"+bucket.ManifestFile, d+"/"+bucket.UnfinishedManifest)
		}, want: []Code{CodeManifestUnfinished}},
		"a folder": {do: func(d string) error {
			if err := os.Remove(d + "/" + bucket.ManifestFile); err != nil {
				return err
			}
			return os.Mkdir(d+"/"+bucket.ManifestFile, 0o700)
		}, want: []Code{CodeManifestDamaged}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 3)
			dir := t.TempDir()
			k.save(dir, true)
			seal := writeManifest(t, dir)
			if c.do != nil {
				if err := c.do(dir); err != nil {
					t.Fatal(err)
				}
			}
			if c.seal != "" {
				seal = c.seal
			} else if name == "no manifest" || name == "not finished" || name == "a folder" {
				seal = ""
			}
			r := k.checkFolder(dir, func(o *Options) { o.Manifest = &Manifest{Dir: dir, SHA256: seal} })
			var got []Code
			bad := false
			for _, f := range r.Findings {
				if f.Code != CodeEnds {
					got = append(got, f.Code)
				}
				bad = bad || f.Severity == SeverityInvalid || f.Severity == SeverityMissing
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) || bad != (r.Verdict == VerdictInvalid) {
				t.Errorf("%s %v, want %v: %+v", r.Verdict, got, c.want, r.Findings)
			}
		})
	}
}

func TestLitter(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"a/.DS_Store": true, "a/Thumbs.db": true, "a/DESKTOP.INI": true, "a/._x.json.gz": true, "a/x.json.gz": false, ".DS_Store/x": false} {
		if litter(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
