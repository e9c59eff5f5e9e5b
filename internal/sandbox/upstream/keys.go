package upstream

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/iampolicy"
)

// keys is the upstream's KMS.
type keys struct{ *clients }

const keyNotFound = "NotFoundException"

// Key looks at a key. When it or its policy was changed is not known.
func (k keys) Key(ctx context.Context, account, region, id string) (*cloudtrail.KeyState, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	api := k.in(account, region).kms
	out, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
	if err = k.refusal(err); isRefusal(err, keyNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if out.KeyMetadata == nil || aws.ToString(out.KeyMetadata.Arn) == "" {
		return nil, nil
	}
	arn := aws.ToString(out.KeyMetadata.Arn)
	in := &kms.GetKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default")}
	written, err := api.GetKeyPolicy(ctx, in)
	if err = k.refusal(err); isRefusal(err, keyNotFound) {
		return nil, nil // it was deleted just now
	} else if err != nil {
		return nil, err
	}
	policy := k.parse(aws.ToString(written.Policy), "key "+arn, iampolicy.Parse)
	owner := aws.ToString(out.KeyMetadata.AWSAccountId)
	may := func(principal, action string, conditions map[string]string) bool {
		return policy.AllowsService(iampolicy.ServiceRequest{
			Principal: principal, Action: action, Resource: arn, Account: owner, Time: k.Now(), Conditions: conditions,
		})
	}
	return &cloudtrail.KeyState{ARN: arn, Enabled: out.KeyMetadata.KeyState == types.KeyStateEnabled, May: may}, nil
}
