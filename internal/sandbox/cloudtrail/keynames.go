package cloudtrail

import (
	"crypto/sha256"
	"time"
)

// The grammar of object keys: CloudTrail user guide, "Getting and viewing
// your CloudTrail log files" and "CloudTrail digest file structure". Folder
// dates and times are UTC.

// base is the folder of the trail's account, with a slash at its end.
func (t *trail) base() string {
	b := "AWSLogs/" + t.Account + "/"
	if t.Prefix != "" {
		b = t.Prefix + "/" + b
	}
	return b
}

func (t *trail) logKey(region string, at time.Time, text []byte) string {
	at = at.UTC()
	return t.base() + "CloudTrail/" + region + at.Format("/2006/01/02/") +
		t.Account + "_CloudTrail_" + region + "_" + at.Format("20060102T1504Z") + "_" + t.uniqueName(text) + ".json.gz"
}

func (t *trail) digestKey(region string, end time.Time) string {
	end = end.UTC()
	return t.base() + "CloudTrail-Digest/" + region + end.Format("/2006/01/02/") +
		t.Account + "_CloudTrail-Digest_" + region + "_" + t.Name + "_" + t.Region + "_" +
		end.Format("20060102T150405Z") + ".json.gz"
}

const nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// uniqueName is the sixteen characters that end a log file's name. They follow
// from the trail and the file's text, which no two log files share, so that a
// seeded history has the same names each time.
func (t *trail) uniqueName(text []byte) string {
	h := sha256.New()
	h.Write([]byte(t.arn()))
	h.Write(text)
	b := h.Sum(nil)[:16]
	for i := range b {
		b[i] = nameLetters[int(b[i])%len(nameLetters)]
	}
	return string(b)
}
