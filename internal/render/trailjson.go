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
		Logging        *bool      `json:"logging"` // null: not known
		LatestDelivery *time.Time `json:"latestDelivery"`
		DeliveryError  string     `json:"deliveryError,omitempty"`
		Error          string     `json:"error,omitempty"`
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
			row.Logging, row.LatestDelivery, row.DeliveryError = &l.Status.Logging, orNull(l.Status.Delivery), l.Status.DeliveryError
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

// StatusJSON writes a trail's status as one document.
func StatusJSON(w io.Writer, s trail.Status) error {
	type problem struct {
		What   string `json:"what"`
		Answer string `json:"answer,omitempty"`
		Why    string `json:"why,omitempty"`
		Do     string `json:"do,omitempty"`
	}
	doc := struct {
		Version            int        `json:"version"`
		Trail              trailJSON  `json:"trail"`
		Logging            bool       `json:"logging"`
		Started            *time.Time `json:"started"`
		Stopped            *time.Time `json:"stopped"`
		LatestDelivery     *time.Time `json:"latestDelivery"`
		LatestDigest       *time.Time `json:"latestDigest"`
		LatestNotification *time.Time `json:"latestNotification"`
		LatestLogGroup     *time.Time `json:"latestLogGroup"`
		DeliveryError      string     `json:"deliveryError,omitempty"`
		DigestError        string     `json:"digestError,omitempty"`
		NotificationError  string     `json:"notificationError,omitempty"`
		LogGroupError      string     `json:"logGroupError,omitempty"`
		Problems           []problem  `json:"problems"`
	}{
		Version: jsonVersion, Trail: newTrailJSON(s.Trail), Logging: s.Logging,
		Started: orNull(s.Started), Stopped: orNull(s.Stopped),
		LatestDelivery: orNull(s.Delivery), LatestDigest: orNull(s.Digest),
		LatestNotification: orNull(s.Notification), LatestLogGroup: orNull(s.LogGroup),
		DeliveryError: s.DeliveryError, DigestError: s.DigestError,
		NotificationError: s.NotificationError, LogGroupError: s.LogGroupError,
		Problems: []problem{},
	}
	for _, p := range s.Problems() {
		doc.Problems = append(doc.Problems, problem(p))
	}
	return JSON(w, doc)
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
	Version int        `json:"version"`
	DryRun  bool       `json:"dryRun"`
	Trail   trailJSON  `json:"trail"`
	Logging bool       `json:"logging"`
	Steps   []stepJSON `json:"steps"`
	Changes int        `json:"changes"` // steps that change something, done or not
	Changed bool       `json:"changed"` // something was changed
	Error   string     `json:"error,omitempty"`
}

// PlanJSON writes a plan that is not carried out.
func PlanJSON(w io.Writer, p trail.Plan) error {
	doc := planJSON{Version: jsonVersion, DryRun: true, Trail: newTrailJSON(p.Trail), Logging: p.Logging, Steps: []stepJSON{}}
	for _, s := range p.Steps {
		state := "planned"
		if s.Kind == trail.Keep {
			state = "kept"
		}
		doc.add(s, state)
	}
	return JSON(w, doc)
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
		Version: jsonVersion, Trail: newTrailJSON(r.Trail), Logging: r.Logging,
		Steps: []stepJSON{}, Changed: len(r.Done) > 0, Error: why,
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
	return pairs(w, [][2]string{
		{"Trail", r.Trail.Name},
		{"ARN", r.Trail.ARN},
		{"Scope", describe(r.Trail)},
		{"Bucket", place(r.Trail)},
		{"Validation", onOff(r.Trail.LogFileValidation)},
		{"Logging", onOff(r.Logging)},
	})
}
