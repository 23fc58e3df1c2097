"""Sealed access details as a foreign client makes and opens them: by OpenSSL's program."""
import base64
import subprocess

# For what is only carried: of a key nobody has any more, and a message nobody can open.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUHSXK+ERd7EaJouzN68SpppFfmmMwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc2VhbDAgFw0yNjExMjkwNTA4MDdaGA8yMTI2MTEwNTA1MDgw
N1owDzENMAsGA1UEAwwEc2VhbDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHA4
jcytQ+HRSbjRoU+kjyz8RCzRNiUojIN6cqipvFWMVhDApD3gvlH5vo1bnw2vK4BQ
BZAeU/XNicn2hieMr52jUzBRMB0GA1UdDgQWBBQP2zvXE2xZn43Al0lSmZs56L/8
RzAfBgNVHSMEGDAWgBQP2zvXE2xZn43Al0lSmZs56L/8RzAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDm9eScNrQKpow3mLTqmu2Bm3Kb/j64bNbL
wvLLlBlHfQIhAMVmg4qHwdbi03oPVgjAW3BWYRldunix2tAbDY/yv09c
-----END CERTIFICATE-----
"""
SEALED = base64.b64encode(bytes((0x30, 6, 2, 1, 42, 2, 1, 43))).decode()


def opened(sealed, certificate):
    """What was sealed, in base64 as JSON has it; certificate: path without .pem and .key."""
    return subprocess.run(
        ["openssl", "cms", "-decrypt", "-inform", "DER", "-binary", "-recip",
         certificate + ".pem", "-inkey", certificate + ".key"],
        input=base64.b64decode(sealed), capture_output=True, check=True, timeout=60).stdout


def sealed_to(plain, *certificates):
    """Bytes sealed to the holders of certificates, paths of PEM files, in base64."""
    return base64.b64encode(subprocess.run(
        ["openssl", "cms", "-encrypt", "-aes-256-gcm", "-binary", "-outform", "DER",
         *(word for path in certificates for word in ("-recip", path))],
        input=plain, capture_output=True, check=True, timeout=60).stdout).decode()
