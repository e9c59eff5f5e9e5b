package awsconf

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Renewable is for what runs for days: the settings of c with credentials
// that, after a call of renew, are read anew from where o says they are. So a
// session that somebody has signed in again is taken up; the SDK itself reads
// the files that hold it only once.
func (c *Config) Renewable(o Options) (renewable *Config, renew func()) {
	cache := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		fresh, err := Load(ctx, o)
		if err != nil {
			return aws.Credentials{}, err
		}
		return fresh.aws.Credentials.Retrieve(ctx)
	}))
	again := *c
	again.aws.Credentials = cache
	return &again, cache.Invalidate
}
