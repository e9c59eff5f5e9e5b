package validate

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// KeyLister is what AWSKeys needs of the SDK's client.
type KeyLister interface {
	ListPublicKeys(context.Context, *cloudtrail.ListPublicKeysInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error)
}

// AWSKeys is the KeySource that asks CloudTrail. Client returns the client of
// a region.
type AWSKeys struct {
	Client func(region string) KeyLister
}

// An answer that never ends is no answer of CloudTrail's. Regions have one key
// at a time and change it rarely.
const (
	maxKeyPages = 1000
	maxKeys     = 10000
)

// PublicKeys calls ListPublicKeys in one region.
func (a AWSKeys) PublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error) {
	in := &cloudtrail.ListPublicKeysInput{StartTime: &from, EndTime: &to}
	client := a.Client(region)
	var keys []PublicKey
	seen := map[string]bool{}
	for range maxKeyPages {
		out, err := client.ListPublicKeys(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("asking for the public keys of region %s: %w", region, err)
		}
		for _, k := range out.PublicKeyList {
			keys = append(keys, PublicKey{
				Region: region, Fingerprint: aws.ToString(k.Fingerprint), DER: k.Value,
				ValidFrom: aws.ToTime(k.ValidityStartTime), ValidUntil: aws.ToTime(k.ValidityEndTime),
			})
		}
		next := aws.ToString(out.NextToken)
		if next == "" {
			return keys, nil
		}
		if seen[next] || len(keys) > maxKeys {
			break
		}
		seen[next] = true
		in.NextToken = out.NextToken
	}
	return nil, fmt.Errorf("asking for the public keys of region %s: the answer does not end", region)
}
