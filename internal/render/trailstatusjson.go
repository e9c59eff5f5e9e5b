package render

import (
	"io"
	"time"

	"trailctl/trail"
)

type problemJSON struct {
	What    string   `json:"what"`
	Answer  string   `json:"answer,omitempty"`
	Why     string   `json:"why,omitempty"`
	Do      string   `json:"do,omitempty"`
	Regions []string `json:"regions,omitempty"`
}

func problemsJSON(list []trail.Problem) []problemJSON {
	out := []problemJSON{}
	for _, p := range list {
		out = append(out, problemJSON{p.What, p.Answer, p.Why, p.Do, p.Regions})
	}
	return out
}

// statusJSON is a status in one region.
type statusJSON struct {
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
}

func newStatusJSON(s trail.Status) statusJSON {
	return statusJSON{
		Logging: s.Logging, Started: orNull(s.Started), Stopped: orNull(s.Stopped),
		LatestDelivery: orNull(s.Delivery), LatestDigest: orNull(s.Digest),
		LatestNotification: orNull(s.Notification), LatestLogGroup: orNull(s.LogGroup),
		DeliveryError: s.DeliveryError, DigestError: s.DigestError,
		NotificationError: s.NotificationError, LogGroupError: s.LogGroupError,
	}
}

// StatusJSON writes a trail's status as one document.
func StatusJSON(w io.Writer, e trail.Everywhere) error {
	type region struct {
		Region string `json:"region"`
		Trail  string `json:"trailArn"`
		statusJSON
	}
	type unread struct {
		Region string `json:"region"`
		Error  string `json:"error"`
	}
	doc := struct {
		Version int       `json:"version"`
		Trail   trailJSON `json:"trail"`
		statusJSON
		Regions    []region      `json:"regions"`
		NotEnabled []string      `json:"notEnabled"`
		Unread     []unread      `json:"unread"`
		Problems   []problemJSON `json:"problems"`
	}{
		Version: jsonVersion, Trail: newTrailJSON(e.Trail), statusJSON: newStatusJSON(e.Status),
		NotEnabled: append([]string{}, e.Absent...), Unread: []unread{}, Problems: problemsJSON(e.Problems()),
	}
	for _, r := range e.Regions {
		doc.Regions = append(doc.Regions, region{r.Region, r.Trail.ARN, newStatusJSON(r.Status)})
	}
	for _, u := range e.Unread {
		doc.Unread = append(doc.Unread, unread{u.Region, u.Err.Error()})
	}
	return JSON(w, doc)
}
