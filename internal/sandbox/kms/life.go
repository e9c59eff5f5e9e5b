package kms

import (
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
)

func (s *Service) enableKey(c *call.Call, in keyInput) (any, *call.Error) {
	return s.setDisabled(c, in, false)
}

func (s *Service) disableKey(c *call.Call, in keyInput) (any, *call.Error) {
	return s.setDisabled(c, in, true)
}

func (s *Service) setDisabled(c *call.Call, in keyInput, off bool) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.usable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.Disabled = off
	return nil, nil
}

// Days between scheduling a deletion and the deletion (API reference).
const (
	minWindow = 7
	maxWindow = 30
)

func (s *Service) scheduleKeyDeletion(c *call.Call, in struct {
	KeyId               string
	PendingWindowInDays *int
}) (any, *call.Error) {
	days := maxWindow
	if in.PendingWindowInDays != nil {
		days = *in.PendingWindowInDays
	}
	if days < minWindow || days > maxWindow {
		return nil, invalid("PendingWindowInDays must be between %d and %d (inclusive), got %d", minWindow, maxWindow, days)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.usable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.Deletion, k.Window = c.Time.AddDate(0, 0, days), days
	return map[string]any{
		"KeyId": k.ARN, "DeletionDate": awsjson.Epoch(k.Deletion), "KeyState": k.state(), "PendingWindowInDays": days,
	}, nil
}

func (s *Service) cancelKeyDeletion(c *call.Call, in keyInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.own(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if k.state() != pendingDeletion {
		return nil, refuse("KMSInvalidStateException", "%s is not pending deletion.", k.ARN)
	}
	k.Deletion, k.Window, k.Disabled = time.Time{}, 0, true
	return map[string]any{"KeyId": k.ARN}, nil
}

// defaultRotation is the period where none is asked for.
const defaultRotation = 365

func (s *Service) enableKeyRotation(c *call.Call, in struct {
	KeyId                string
	RotationPeriodInDays *int
}) (any, *call.Error) {
	days := defaultRotation
	if in.RotationPeriodInDays != nil {
		days = *in.RotationPeriodInDays
	}
	if days < 90 || days > 2560 {
		return nil, invalid("1 validation error detected: Value '%d' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value between 90 and 2560", days)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.rotating(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.Rotates, k.RotationDays = c.Time, days
	return nil, nil
}

func (s *Service) disableKeyRotation(c *call.Call, in keyInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.rotating(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.Rotates, k.RotationDays = time.Time{}, 0
	return nil, nil
}

// rotating is a key whose rotation can be changed. s.mu is held.
func (s *Service) rotating(c *call.Call, id string) (*key, *call.Error) {
	k, err := s.usable(c, id)
	switch {
	case err != nil:
		return nil, err
	case k.state() == disabled:
		return nil, refuse("DisabledException", "%s is disabled.", k.ARN)
	case !k.symmetric():
		return nil, refuse("UnsupportedOperationException", "%s is not a symmetric encryption key.", k.ARN)
	}
	return k, nil
}

// getKeyRotationStatus answers false for a key that is to be deleted, as KMS
// does (API reference).
func (s *Service) getKeyRotationStatus(c *call.Call, in keyInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.find(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if !k.symmetric() {
		return nil, refuse("UnsupportedOperationException", "%s is not a symmetric encryption key.", k.ARN)
	}
	on := !k.Rotates.IsZero() && k.state() != pendingDeletion
	out := map[string]any{"KeyId": k.ARN, "KeyRotationEnabled": on}
	if on {
		next, period := k.Rotates, time.Duration(k.RotationDays)*24*time.Hour
		for !next.After(c.Time) {
			next = next.Add(period)
		}
		out["RotationPeriodInDays"], out["NextRotationDate"] = k.RotationDays, awsjson.Epoch(next)
	}
	return out, nil
}
