package trail

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (f fakeS3) ListBuckets(context.Context, *s3.ListBucketsInput, ...func(*s3.Options)) (*s3.ListBucketsOutput, error) {
	if err := f.call("ListBuckets", nil); err != nil {
		return nil, err
	}
	out := &s3.ListBucketsOutput{}
	for _, name := range slices.Sorted(maps.Keys(f.buckets)) {
		if f.buckets[name].owner == account {
			out.Buckets = append(out.Buckets, s3types.Bucket{Name: &name})
		}
	}
	return out, nil
}
