package render

import (
	"fmt"
	"io"

	"trailctl/bucket"
	"trailctl/internal/term"
	"trailctl/trail"
)

// BucketStep is a step of a bucket's plan in the form of a trail's, so that
// both are written alike.
func BucketStep(s bucket.Step) trail.Step {
	out := trail.Step{
		Kind: trail.Kind(s.Kind), Target: s.Target, Summary: s.Summary,
		Before: s.Before, After: s.After, Notes: s.Notes, Warnings: s.Warnings,
	}
	for _, f := range s.Fields {
		out.Fields = append(out.Fields, trail.Field(f))
	}
	return out
}

// BucketPlanText writes a bucket's plan for people.
func BucketPlanText(w io.Writer, p bucket.Plan, t Terminal) error {
	_, err := fmt.Fprintf(w, "Plan for bucket %s in %s, account %s:\n",
		term.Escape(p.Bucket), term.Escape(p.Region), term.Escape(p.Account))
	if err != nil {
		return err
	}
	for _, s := range p.Steps {
		if err := planStep(w, BucketStep(s), t); err != nil {
			return err
		}
	}
	return nil
}

type bucketPlanJSON struct {
	Version int           `json:"version"`
	DryRun  bool          `json:"dryRun"`
	Bucket  bucketRefJSON `json:"bucket"`
	Steps   []stepJSON    `json:"steps"`
	Changes int           `json:"changes"`
	Changed bool          `json:"changed"`
	Error   string        `json:"error,omitempty"`
}

type bucketRefJSON struct {
	Name    string `json:"name"`
	Region  string `json:"region"`
	Account string `json:"account"`
}

func newBucketPlanJSON(p bucket.Plan) bucketPlanJSON {
	return bucketPlanJSON{
		Version: jsonVersion, Bucket: bucketRefJSON{p.Bucket, p.Region, p.Account}, Steps: []stepJSON{},
	}
}

func (doc *bucketPlanJSON) add(s bucket.Step, state string) {
	doc.Steps = append(doc.Steps, newStepJSON(BucketStep(s), state))
	if s.Kind != bucket.StepKeep {
		doc.Changes++
	}
}

// BucketPlanJSON writes a bucket's plan that is not carried out.
func BucketPlanJSON(w io.Writer, p bucket.Plan) error {
	doc := newBucketPlanJSON(p)
	doc.DryRun = true
	for _, s := range p.Steps {
		state := "planned"
		if s.Kind == bucket.StepKeep {
			state = "kept"
		}
		doc.add(s, state)
	}
	return JSON(w, doc)
}

// BucketResultJSON writes what became of a bucket's plan. why is the error in
// words; empty when all went well.
func BucketResultJSON(w io.Writer, p bucket.Plan, r bucket.Result, why string) error {
	doc := newBucketPlanJSON(p)
	doc.Changed, doc.Error = len(r.Done) > 0, why
	done := 0
	for _, s := range p.Steps {
		state := "not done"
		switch {
		case s.Kind == bucket.StepKeep:
			state = "kept"
		case done < len(r.Done):
			s, state = r.Done[done], "done"
			done++
		case done == len(r.Done) && r.Failed != nil:
			state = "failed"
			done++
		}
		doc.add(s, state)
	}
	return JSON(w, doc)
}

// BucketResultText writes what became of a bucket's plan, for people.
func BucketResultText(w io.Writer, p bucket.Plan, r bucket.Result) error {
	changed := "nothing"
	if n := len(r.Done); n == 1 {
		changed = "1 step"
	} else if n > 1 {
		changed = fmt.Sprintf("%d steps", n)
	}
	return pairs(w, [][2]string{{"Bucket", p.Bucket}, {"Region", p.Region}, {"Account", p.Account}, {"Changed", changed}})
}
