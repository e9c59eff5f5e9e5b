package cloudtrail

import "context"

// put delivers one file as the bucket's policy and the key's allow it. It
// answers S3's error code, empty when it went well, and NotReachable when
// nobody answered. j.unsure tells then that the file may have been stored.
func (s *Service) put(j *job, key string, body []byte, metadata map[string]string) string {
	t := &j.trail
	j.unsure = false
	bucket, err := j.around.bucket(t.Bucket)
	switch {
	case err != nil:
		return codeOf(err, "InternalError")
	case bucket == nil:
		return "NoSuchBucket"
	case !mayWrite(bucket, key, t.arn()):
		return "AccessDenied"
	}
	if code := s.encryption(j, bucket); code != "" {
		return code
	}
	o := Object{
		Bucket: t.Bucket, Region: bucket.Region, Account: t.Account, Key: key, Body: body,
		ContentType: "application/json", ContentEncoding: "gzip", Metadata: metadata, KMSKey: t.Key,
	}
	err = j.around.tell("S3", "storing "+key, func(ctx context.Context) error { return s.Bucket.Put(ctx, o) })
	j.unsure = unanswered(err)
	return codeOf(err, "InternalError")
}

func mayWrite(b *BucketState, key, arn string) bool {
	return b.May(servicePrincipal, "s3:PutObject", key, map[string]string{
		"aws:SourceArn": arn, "s3:x-amz-acl": "bucket-owner-full-control",
	})
}
