package logs

import "bytes"

// Failure is how a call or a login failed, empty when it did not: the
// errorCode, the errorMessage where there is no code, or "Failure" where only
// the outcome of a sign-in says so, as "Logging console sign-in events" in the
// user guide describes.
func (r *Record) Failure() string { return string(r.failure()) }

// Failed tells whether there is a Failure.
func (r *Record) Failed() bool { return len(r.failure()) > 0 }

func (r *Record) failure() []byte {
	if code := scalarText(r.value(fieldErrorCode)); len(code) > 0 {
		return code
	}
	if message := scalarText(r.value(fieldErrorMessage)); len(message) > 0 {
		return message
	}
	return r.signInFailure()
}

// signInFailure is the outcome of a sign-in that failed.
func (r *Record) signInFailure() []byte {
	source := scalarText(r.value(fieldSource))
	if !bytes.HasPrefix(source, []byte("signin.")) && !bytes.HasPrefix(source, []byte("sso.")) {
		return nil
	}
	for _, in := range []struct {
		field field
		names []string
	}{
		{fieldResponse, []string{"ConsoleLogin", "SwitchRole", "ExitRole", "RenewRole", "CheckMfa", "GetSigninToken"}},
		{fieldServiceDetails, []string{"CredentialVerification", "UserAuthentication"}},
	} {
		object := r.value(in.field)
		if !bytes.Contains(object, []byte("Failure")) && bytes.IndexByte(object, '\\') < 0 {
			continue
		}
		for _, name := range in.names {
			if outcome := scalarText(lookup(object, name)); string(outcome) == "Failure" {
				return outcome
			}
		}
	}
	return nil
}
