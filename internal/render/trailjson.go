package render

import (
	"encoding/json"
	"io"
	"time"

	"trailctl/trail"
)

// The version of the JSON documents below. It goes up when a field is taken
// away or changes its meaning.
const jsonVersion = 1

type trailJSON struct {
	Name                string `json:"name"`
	ARN                 string `json:"arn"`
	HomeRegion          string `json:"homeRegion"`
	Bucket              string `json:"bucket"`
	Prefix              string `json:"prefix"`
	MultiRegion         bool   `json:"multiRegion"`
	Organization        bool   `json:"organization"`
	GlobalServiceEvents bool   `json:"globalServiceEvents"`
	LogFileValidation   bool   `json:"logFileValidation"`
	TopicARN            string `json:"topicArn,omitempty"`
	LogGroupARN         string `json:"logGroupArn,omitempty"`
	LogRoleARN          string `json:"logRoleArn,omitempty"`
	KMSKey              string `json:"kmsKey,omitempty"`
	CustomSelectors     bool   `json:"customSelectors"`
	InsightSelectors    bool   `json:"insightSelectors"`
}

func newTrailJSON(t trail.Trail) trailJSON {
	return trailJSON{
		Name: t.Name, ARN: t.ARN, HomeRegion: t.HomeRegion, Bucket: t.Bucket, Prefix: t.Prefix,
		MultiRegion: t.MultiRegion, Organization: t.Organization,
		GlobalServiceEvents: t.GlobalServiceEvents, LogFileValidation: t.LogFileValidation,
		TopicARN: t.TopicARN, LogGroupARN: t.LogGroupARN, LogRoleARN: t.LogRoleARN, KMSKey: t.KMSKey,
		CustomSelectors: t.CustomSelectors, InsightSelectors: t.InsightSelectors,
	}
}

// TrailsJSON writes a list of trails as one document.
func TrailsJSON(w io.Writer, list []trail.Listed, partial error) error {
	type listed struct {
		trailJSON
		Logging           *bool      `json:"logging"` // null: not known
		LatestDelivery    *time.Time `json:"latestDelivery"`
		DeliveryError     string     `json:"deliveryError,omitempty"`
		DigestError       string     `json:"digestError,omitempty"`
		NotificationError string     `json:"notificationError,omitempty"`
		LogGroupError     string     `json:"logGroupError,omitempty"`
		Error             string     `json:"error,omitempty"`
	}
	doc := struct {
		Version  int      `json:"version"`
		Complete bool     `json:"complete"` // false: trails of other regions may be missing
		Trails   []listed `json:"trails"`
	}{Version: jsonVersion, Complete: partial == nil, Trails: []listed{}}
	for _, l := range list {
		row := listed{trailJSON: newTrailJSON(l.Trail)}
		if l.Err != nil {
			row.Error = l.Err.Error()
		} else {
			row.Logging, row.LatestDelivery = &l.Status.Logging, orNull(l.Status.Delivery)
			row.DeliveryError, row.DigestError = l.Status.DeliveryError, l.Status.DigestError
			row.NotificationError, row.LogGroupError = l.Status.NotificationError, l.Status.LogGroupError
		}
		doc.Trails = append(doc.Trails, row)
	}
	return JSON(w, doc)
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type stepJSON struct {
	Kind     trail.Kind      `json:"kind"`
	Target   string          `json:"target"`
	Summary  string          `json:"summary"`
	State    string          `json:"state"` // planned, kept, done, failed, not done
	Fields   []fieldJSON     `json:"fields,omitempty"`
	Before   json.RawMessage `json:"before,omitempty"` // a policy
	After    json.RawMessage `json:"after,omitempty"`
	Notes    []string        `json:"notes,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
}

type fieldJSON struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

func newStepJSON(s trail.Step, state string) stepJSON {
	out := stepJSON{
		Kind: s.Kind, Target: s.Target, Summary: s.Summary, State: state,
		Before: rawPolicy(s.Before), After: rawPolicy(s.After), Notes: s.Notes, Warnings: s.Warnings,
	}
	for _, f := range s.Fields {
		out.Fields = append(out.Fields, fieldJSON(f))
	}
	return out
}

func rawPolicy(text string) json.RawMessage {
	if !json.Valid([]byte(text)) {
		return nil
	}
	return json.RawMessage(text)
}

type planJSON struct {
	Version int         `json:"version"`
	DryRun  bool        `json:"dryRun"`
	Trail   trailJSON   `json:"trail"`
	Trails  []trailJSON `json:"trails,omitempty"` // of selected regions
	Logging bool        `json:"logging"`
	Deleted bool        `json:"deleted,omitempty"` // the trail is no more, or would be
	Steps   []stepJSON  `json:"steps"`
	Changes int         `json:"changes"` // steps that change something, done or not
	Changed bool        `json:"changed"` // something was changed
	Error   string      `json:"error,omitempty"`
}

// PlanJSON writes a plan that is not carried out.
func PlanJSON(w io.Writer, p trail.Plan) error {
	doc := planJSON{
		Version: jsonVersion, DryRun: true, Trail: newTrailJSON(p.Trail), Trails: severalJSON(p.Trails),
		Logging: p.Logging, Deleted: p.Deletes, Steps: []stepJSON{},
	}
	for _, s := range p.Steps {
		state := "planned"
		if s.Kind == trail.Keep {
			state = "kept"
		}
		doc.add(s, state)
	}
	return JSON(w, doc)
}

// severalJSON is a list of more trails than one.
func severalJSON(trails []trail.Trail) []trailJSON {
	if len(trails) < 2 {
		return nil
	}
	var list []trailJSON
	for _, t := range trails {
		list = append(list, newTrailJSON(t))
	}
	return list
}

func (doc *planJSON) add(s trail.Step, state string) {
	doc.Steps = append(doc.Steps, newStepJSON(s, state))
	if s.Kind != trail.Keep {
		doc.Changes++
	}
}

// ResultJSON writes what became of a plan. why is the error in words; empty
// when all went well.
func ResultJSON(w io.Writer, p trail.Plan, r trail.Result, why string) error {
	doc := planJSON{
		Version: jsonVersion, Trail: newTrailJSON(r.Trail), Trails: severalJSON(r.Trails), Logging: r.Logging,
		Deleted: r.Deleted && why == "", Steps: []stepJSON{}, Changed: len(r.Done) > 0, Error: why,
	}
	done := 0
	for _, s := range p.Steps {
		state := "not done"
		switch {
		case s.Kind == trail.Keep:
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

// ResultText writes the trail that a plan has led to, for people.
func ResultText(w io.Writer, r trail.Result) error {
	if r.Deleted {
		return pairs(w, [][2]string{{"Trail", r.Trail.Name}, {"Deleted in", homes(r.Trail, r.Trails)}, {"Bucket", place(r.Trail) + ", which stays"}})
	}
	rows := [][2]string{{"Trail", r.Trail.Name}}
	all := r.Trails
	if len(all) == 0 {
		all = []trail.Trail{r.Trail}
	}
	for _, t := range all {
		rows = append(rows, [2]string{"ARN", t.ARN})
	}
	scope := describe(r.Trail)
	if len(all) > 1 {
		scope = "selected regions: " + homes(r.Trail, all)
	}
	rows = append(rows, [][2]string{{"Scope", scope}, {"Bucket", place(r.Trail)}}...)
	for _, row := range []struct {
		name string
		of   func(trail.Trail) string
	}{
		{"Topic", func(t trail.Trail) string { return t.TopicARN }},
		{"Log group", func(t trail.Trail) string { return t.LogGroupARN }},
		{"KMS key", func(t trail.Trail) string { return t.KMSKey }},
	} {
		last := ""
		for _, t := range all {
			if text := row.of(t); text != "" && text != last {
				rows, last = append(rows, [2]string{row.name, text}), text
			}
		}
	}
	return pairs(w, append(rows, [][2]string{{"Validation", onOff(r.Trail.LogFileValidation)}, {"Logging", onOff(r.Logging)}}...))
}
