package count

import (
	"testing"
)

func TestOverview(t *testing.T) {
	records := []string{
		`{"eventTime":"2026-01-01T10:00:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","awsRegion":"us-east-1","recipientAccountId":"111111111111","sourceIPAddress":"1.1.1.1","userIdentity":{"type":"Root"},"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"No"},"readOnly":false}`,
		`{"eventTime":"2026-01-01T11:00:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","userIdentity":{"type":"IAMUser","userName":"alice"},"responseElements":{"ConsoleLogin":"Failure"},"additionalEventData":{"MFAUsed":"No"},"errorMessage":"Failed authentication"}`,
		`{"eventTime":"2026-01-01T12:00:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","userIdentity":{"type":"IAMUser","userName":"alice"},"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"Yes"}}`,
		// Without an error, and only the outcome tells.
		`{"eventTime":"2026-01-01T10:30:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","userIdentity":{"type":"IAMUser","userName":"alice"},"responseElements":{"ConsoleLogin":"Failure"}}`,
		// The second factor of these two is not AWS's.
		`{"eventTime":"2026-01-01T10:30:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","userIdentity":{"type":"AssumedRole"},"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"No"}}`,
		`{"eventTime":"2026-01-01T10:30:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","userIdentity":{"type":"AssumedRole"},"responseElements":{"ConsoleLogin":"Success"},"additionalEventData":{"MFAUsed":"No"}}`,
		// And here nothing is said of one.
		`{"eventTime":"2026-01-01T10:30:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","userIdentity":{"type":"IAMUser","userName":"alice"},"responseElements":{"ConsoleLogin":"Success"}}`,
		`{"eventTime":"2026-01-01T10:30:00Z","eventName":"ConsoleLogin","eventSource":"other.amazonaws.com","userIdentity":{"type":"IAMUser","userName":"alice"},"responseElements":{"ConsoleLogin":"Success"}}`,
		`{"eventTime":"2026-01-01T13:00:00Z","eventName":"Decrypt","userIdentity":{"type":"Root","invokedBy":"kms.amazonaws.com"},"readOnly":"true"}`,
		`{"eventName":"CreateUser","userIdentity":{"type":"IAMUser","userName":"root"},"errorCode":"AccessDenied","errorMessage":"no","readOnly":"false"}`,
		`{"eventName":"RotateKey","eventType":"AwsServiceEvent","userIdentity":{"type":"Root"}}`,
		`{}`,
	}
	for workers := range 3 {
		counter := NewOverview(0)
		counted(counter, workers+1, records...)
		o := counter.Overview()
		for _, c := range []struct {
			name string
			got  int64
			want int64
		}{
			{"all", o.Total.Count, 12},
			{"without a time", o.NoTime, 3},
			{"writes", o.Writes.Count, 2},
			{"failed", o.Failed.Count, 3},
			{"root", o.Root.Count, 1},
			{"logins", o.Logins.Count, 8},
			{"failed logins", o.FailedLogins.Count, 2},
			{"logins without MFA", o.LoginsWithoutMFA.Count, 2},
			{"events", int64(o.Events.Len()), 5},
			{"accounts", int64(o.Accounts.Len()), 2},
			{"errors", int64(o.Errors.Len()), 4},
			{"identities", int64(o.Identities.Len()), 4},
			{"addresses", int64(o.Addresses.Len()), 2},
			{"services", int64(o.Services.Len()), 3},
			{"regions", int64(o.Regions.Len()), 2},
		} {
			if c.got != c.want {
				t.Errorf("%d workers: %s: %d, want %d", workers+1, c.name, c.got, c.want)
			}
		}
		if g := o.Logins; g.First.Hour() != 10 || g.Last.Hour() != 12 {
			t.Errorf("logins: %+v", g)
		}
	}
}
