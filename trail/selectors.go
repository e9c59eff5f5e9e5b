package trail

import "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

// Selectors are what a trail records: basic ones or advanced ones, never both
// (CloudTrail API reference, PutEventSelectors).
type Selectors struct {
	Basic    []types.EventSelector
	Advanced []types.AdvancedEventSelector
}
