package cloudtrail

import (
	"crypto/sha256"
	"time"
)

// The grammar of object keys: CloudTrail user guide, "Getting and viewing
// your CloudTrail log files" and "CloudTrail digest file structure". Folder
// dates and times are UTC.

// folder is where one account's files go, with a slash at its end. An
// organization's trail keeps them below the organization's id, empty for
// others.
func (t *trail) folder(organization, account string) string {
	b := "AWSLogs/"
	if t.Prefix != "" {
		b = t.Prefix + "/" + b
	}
	if organization != "" {
		b += organization + "/"
	}
	return b + account + "/"
}

// logKey names a log file by the minute of its delivery (assumption A4).
func (t *trail) logKey(c *chain, at time.Time, text []byte) string {
	at = at.UTC()
	account := c.account(t)
	return t.folder(c.Organization, account) + "CloudTrail/" + c.Region + at.Format("/2006/01/02/") +
		account + "_CloudTrail_" + c.Region + "_" + at.Format("20060102T1504Z") + "_" + t.uniqueName(text) + ".json.gz"
}

func (t *trail) digestKey(c *chain, end time.Time) string {
	end = end.UTC()
	account := c.account(t)
	return t.folder(c.Organization, account) + "CloudTrail-Digest/" + c.Region + end.Format("/2006/01/02/") +
		account + "_CloudTrail-Digest_" + c.Region + "_" + t.Name + "_" + t.Region + "_" +
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
