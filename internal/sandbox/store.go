package sandbox

import "trailctl/internal/sandbox/s3"

// store is the sandbox's S3 as CloudTrail delivers to it.
type store struct{ *s3.Service }

// May tells whether the bucket's policy allows an action to a service.
func (s store) May(principal, action, bucket, key string, conditions map[string]string) bool {
	return s.ServiceMay(s3.ServiceRequest{
		Principal: principal, Action: action, Bucket: bucket, Key: key, Conditions: conditions,
	})
}
