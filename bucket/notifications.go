package bucket

import "github.com/aws/aws-sdk-go-v2/service/s3/types"

// Notifications are a bucket's whole notification configuration: S3 knows no
// way to change only a part of it.
type Notifications struct {
	types.NotificationConfiguration
}
