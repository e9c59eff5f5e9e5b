package cloudtrail

// put delivers one file as the bucket's policy and the key's allow it. It
// answers S3's error code, empty when it went well.
func (s *Service) put(t *trail, key string, body []byte, metadata map[string]string) string {
	if _, ok := s.Bucket.BucketRegion(t.Bucket); !ok {
		return "NoSuchBucket"
	}
	if !s.mayWrite(t.Bucket, key, t.arn()) {
		return "AccessDenied"
	}
	if code := s.encryption(t); code != "" {
		return code
	}
	err := s.Bucket.Put(Object{
		Bucket: t.Bucket, Key: key, Body: body, ContentType: "application/json", ContentEncoding: "gzip",
		Metadata: metadata, KMSKey: t.Key,
	})
	if err != nil {
		s.log.Error("the bucket did not take a file", "bucket", t.Bucket, "key", key, "error", err)
		return "InternalError"
	}
	return ""
}

func (s *Service) mayWrite(bucket, key, arn string) bool {
	return s.Bucket.May(servicePrincipal, "s3:PutObject", bucket, key, map[string]string{
		"aws:SourceArn": arn, "s3:x-amz-acl": "bucket-owner-full-control",
	})
}
