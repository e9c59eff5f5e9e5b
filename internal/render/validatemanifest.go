package render

import (
	"trailctl/validate"
)

// manifestFindings parts the findings about a copy as a whole and its manifest
// from those about what CloudTrail wrote.
func manifestFindings(r *validate.Report) (ofManifest, rest []validate.Finding) {
	for _, f := range r.Findings {
		if partOf(f) == partManifest {
			ofManifest = append(ofManifest, f)
		} else {
			rest = append(rest, f)
		}
	}
	return ofManifest, rest
}

// manifestBranch is what the tree says of the manifest, and of the copy as a
// whole.
func manifestBranch(r *validate.Report, findings []validate.Finding) *branch {
	head := "Copy"
	if r.Manifest != nil {
		head = "Manifest " + r.Manifest.File
	}
	p := spot{findings: findings}
	b := &branch{head: head, verdict: worst([]spot{p})}
	b.findings(p, nil)
	return b
}

// manifestWords are what makes a report invalid that the manifest tells.
func manifestWords(r *validate.Report) []string {
	count := map[validate.Code]int{}
	for _, f := range r.Findings {
		if f.Severity == validate.SeverityInvalid || f.Severity == validate.SeverityMissing {
			count[f.Code]++
		}
	}
	var words []string
	say := func(code validate.Code, text string) {
		if count[code] > 0 {
			words = append(words, text)
		}
	}
	say(validate.CodeManifestMissing, "the folder has no manifest")
	say(validate.CodeManifestSeal, "the manifest is not the one that was noted")
	say(validate.CodeManifestDamaged, "the manifest is damaged")
	is := func(n int) string {
		if n == 1 {
			return Count(n, "file") + " is"
		}
		return Count(n, "file") + " are"
	}
	changed, missing, added := count[validate.CodeEvidenceChanged], count[validate.CodeEvidenceMissing], count[validate.CodeEvidenceAdded]
	say(validate.CodeEvidenceChanged, is(changed)+" not as the manifest says")
	say(validate.CodeEvidenceMissing, is(missing)+" in the manifest and not in the folder")
	say(validate.CodeEvidenceAdded, is(added)+" in the folder and not in the manifest")
	return words
}
