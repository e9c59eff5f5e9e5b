package logs

import (
	"bytes"
	"slices"
	"time"
)

// word is a name that stands for something which several fields tell
// together.
type word uint8

const (
	noWord word = iota
	wordAccount
	wordAddress
	wordDay
	wordError
	wordEvent
	wordHour
	wordID
	wordIdentity
	wordRegion
	wordResource
	wordRole
	wordService
	wordTime
	wordUser
	wordCount
)

var wordNames = [wordCount]string{
	wordAccount:  "account",
	wordAddress:  "address",
	wordDay:      "day",
	wordError:    "error",
	wordEvent:    "event",
	wordHour:     "hour",
	wordID:       "id",
	wordIdentity: "identity",
	wordRegion:   "region",
	wordResource: "resource",
	wordRole:     "role",
	wordService:  "service",
	wordTime:     "time",
	wordUser:     "user",
}

// Words are the names that stand for more than one field:
//
//	account   whose record it is: see Record.Account
//	address   sourceIPAddress
//	day       of the eventTime, in UTC: 2026-01-02
//	error     errorCode, or errorMessage where there is no code; "Failure" for a
//	          sign-in of which only the outcome tells
//	event     eventName; in an Insights record that of the calls it is about
//	hour      of the eventTime, in UTC: 2026-01-02T03:00:00Z
//	id        eventID
//	identity  who it was, in words: see Identity.Words
//	region    awsRegion
//	resource  each of the resources, by its ARN
//	role      the role whose session made the call
//	service   eventSource without its domain: ec2
//	time      eventTime
//	user      the name of the user, or of the role's session; root
func Words() []string { return slices.Clone(wordNames[1:]) }

func wordOf(name string) word {
	for w := noWord + 1; w < wordCount; w++ {
		if wordNames[w] == name {
			return w
		}
	}
	return noWord
}

// each visits what the word stands for. What is one field is handed over
// as it stands in the record.
func (w word) each(r *Record, visit func([]byte) bool) {
	switch w {
	case wordResource:
		eachElement(r.value(fieldResources), func(e []byte) bool {
			arn := scalarText(lookup(e, "ARN"))
			if len(arn) == 0 {
				arn = scalarText(lookup(e, "arn"))
			}
			if len(arn) == 0 {
				arn = scalarText(lookup(e, "ARNPrefix"))
			}
			return len(arn) == 0 || visit(arn)
		})
	default:
		if text := w.text(r); len(text) > 0 {
			visit(text)
		}
	}
}

func (w word) text(r *Record) []byte {
	switch w {
	case wordAccount:
		return r.account()
	case wordAddress:
		return scalarText(r.value(fieldAddress))
	case wordError:
		return r.failure()
	case wordEvent:
		if name := scalarText(r.value(fieldName)); len(name) > 0 {
			return name
		}
		return scalarText(lookup(r.value(fieldInsight), "eventName"))
	case wordID:
		return scalarText(r.value(fieldID))
	case wordRegion:
		return scalarText(r.value(fieldRegion))
	case wordService:
		return bytes.TrimSuffix(scalarText(r.value(fieldSource)), []byte(".amazonaws.com"))
	case wordTime:
		return scalarText(r.value(fieldTime))
	case wordDay, wordHour:
		return w.moment(r)
	case wordIdentity:
		return []byte(r.Identity().Words())
	case wordRole:
		return []byte(r.Identity().Role())
	case wordUser:
		return []byte(r.Identity().User())
	}
	return nil
}

// moment is the eventTime cut down to the day or the hour.
func (w word) moment(r *Record) []byte {
	at, ok := r.Time()
	switch {
	case !ok:
		return nil
	case w == wordDay:
		return at.AppendFormat(nil, time.DateOnly)
	}
	return at.Truncate(time.Hour).AppendFormat(nil, time.RFC3339)
}

// scalarText is text without a copy where there are no escapes.
func scalarText(value []byte) []byte {
	if len(value) == 0 {
		return nil
	}
	switch value[0] {
	case 'n', '{', '[':
		return nil
	}
	return plain(value)
}
