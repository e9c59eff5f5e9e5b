package s3

import "net/http"

// checkLogging holds what a server access logging document says by itself.
func checkLogging(root *node, text []byte) (string, error) {
	for _, c := range root.children {
		if c.name != "LoggingEnabled" {
			return "", malformedXML()
		}
		if c.child("TargetBucket") == nil || c.child("TargetPrefix") == nil {
			return "", malformedXML()
		}
	}
	if len(root.children) > 1 {
		return "", malformedXML()
	}
	return string(text), nil
}

// putLogging keeps where a bucket's access logs should go, once the target
// is a bucket there can be. The sandbox writes no access logs.
func (s *Service) putLogging(r *request) error {
	root, text, err := r.document("BucketLoggingStatus")
	if err != nil {
		return err
	}
	keep, err := checkLogging(root, text)
	if err != nil {
		return err
	}
	if enabled := root.child("LoggingEnabled"); enabled != nil {
		name := enabled.child("TargetBucket").content()
		target := s.bucket(name)
		switch {
		case target == nil:
			return fail(http.StatusBadRequest, "InvalidTargetBucketForLogging", "The target bucket for logging does not exist").
				with("TargetBucket", name)
		case target.Region != r.b.Region:
			return fail(http.StatusForbidden, "CrossLocationLoggingProhibited", "Cross S3 location logging not allowed. ").
				with("SourceBucketLocation", r.b.Region).with("TargetBucketLocation", target.Region)
		}
	}
	if err := s.change(r.b, func(set *settings) { set.Documents["logging"] = keep }); err != nil {
		return err
	}
	r.w.WriteHeader(http.StatusOK)
	return nil
}
