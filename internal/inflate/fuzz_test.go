package inflate

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"testing"
)

// FuzzGunzip compares the verdict on any bytes, the output and the end of the
// member with those of compress/gzip and of klauspost's gzip.
func FuzzGunzip(f *testing.F) {
	for i, src := range seeds(f) {
		f.Add(src, uint32(1<<20), uint16(i))
		f.Add(src, uint32(100*i), uint16(i))
		f.Add(src[:len(src)*2/3], uint32(1<<20), uint16(1<<12))
		flipped := bytes.Clone(src)
		flipped[len(src)/2] ^= 1 << (i % 8)
		f.Add(flipped, uint32(1<<20), uint16(1<<15))
	}
	var d Decoder
	f.Fuzz(func(t *testing.T, src []byte, limit uint32, room uint16) {
		agree(t, &d, src, int64(limit%(1<<22)), int(room))
	})
}

// FuzzDeflate does so with data that was compressed and then damaged in one
// place, and cut.
func FuzzDeflate(f *testing.F) {
	for level := range 12 {
		f.Add(text(level, 3000), int8(level), uint16(0), byte(0), uint16(0))
		f.Add(text(level, 3000), int8(level), uint16(50*level+11), byte(1<<(level%8)), uint16(level))
	}
	var d Decoder
	f.Fuzz(func(t *testing.T, plain []byte, level int8, at uint16, flip byte, cut uint16) {
		level = int8(uint8(level)%12) - 2
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, min(int(level), 9))
		if err != nil {
			t.Fatal(err)
		}
		half := len(plain) / 2
		z.Write(plain[:half])
		if flip&1 == 1 {
			z.Flush()
		}
		z.Write(plain[half:])
		z.Close()
		src := b.Bytes()
		if got := agree(t, &d, src, 1<<24, int(at)); got != sound {
			t.Fatalf("what compress/gzip wrote is %s", got)
		}
		src[int(at)%len(src)] ^= flip
		agree(t, &d, src[:len(src)-int(cut)%len(src)], 1<<24, int(cut))
	})
}

// seeds are gzip members in the shapes that compressors write.
func seeds(t testing.TB) [][]byte {
	var list [][]byte
	for level := gzip.HuffmanOnly; level <= gzip.BestCompression; level++ {
		for _, size := range []int{0, 1, 40, 2000, 40000} {
			list = append(list, pack(t, level, text(level+9, size)))
		}
		list = append(list, pack(t, level, text(1, 300), text(2, 300), nil, text(1, 300)))
	}
	list = append(list,
		pack(t, 6, bytes.Repeat([]byte{'a'}, 70000)),
		pack(t, 6, bytes.Repeat([]byte("abc"), 9000)),
		pack(t, 6, noise(1000)),
		pack(t, 0, noise(70000)))
	return list
}

// pack compresses parts with a flush between them.
func pack(t testing.TB, level int, parts ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range parts {
		if _, err := z.Write(p); err != nil {
			t.Fatal(err)
		}
		if i < len(parts)-1 {
			if err := z.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// text is JSON like that of log files, the same for the same seed.
func text(seed, size int) []byte {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	names := []string{"AssumeRole", "Decrypt", "PutObject", "DescribeInstances", "GetCallerIdentity", "ListBuckets"}
	services := []string{"sts", "kms", "s3", "ec2", "iam"}
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for b.Len() < size {
		service := services[r.IntN(len(services))]
		fmt.Fprintf(&b, `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA%016X:i-%x","arn":"arn:aws:sts::123456789012:assumed-role/app-%d/i-%x","accountId":"123456789012","accessKeyId":"ASIA%016X"},"eventTime":"2026-01-02T03:%02d:%02dZ","eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","sourceIPAddress":"10.%d.%d.%d","userAgent":"Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#5.15.0","requestParameters":{"bucketName":"data-%x","list":[%d,true,null]},"responseElements":null,"requestID":"%016x","eventID":"%08x-%04x-%04x-%04x-%012x","readOnly":%t,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"123456789012","eventCategory":"Management"},`,
			r.Uint64(), r.Uint64(), r.IntN(40), r.Uint64(), r.Uint64(), r.IntN(60), r.IntN(60), service, names[r.IntN(len(names))],
			r.IntN(256), r.IntN(256), r.IntN(256), r.Uint64(), r.IntN(1000), r.Uint64(), r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Uint64()>>16, r.IntN(2) == 0)
	}
	return b.Bytes()[:size]
}

// noise is what no compressor makes smaller.
func noise(size int) []byte {
	r := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}
