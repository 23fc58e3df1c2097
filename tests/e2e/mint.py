"""Certificates no honest authority would issue, and some it would, made with openssl.

Keys are throw-away: they live in the folder of a test's broker and go with it.
"""
import datetime
import os
import subprocess

CONFIG = """
[ca]
default_ca = here
[here]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = none
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = {key_id}
[client]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = {usage}
{names}
"""


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {' '.join(words)}:\n{done.stderr}")
    return done.stdout


def moment(days):
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return when.strftime("%Y%m%d%H%M%SZ")


class Mint:
    """Issues into a folder. A certificate is named by its path without .pem and .key."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.n = 0

    def _config(self, usage="clientAuth", names="", key_id="hash"):
        # The folder's name has a space, which openssl's own configuration cannot bear.
        path = os.path.join(self.folder, f"{self.n}.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=".", usage=usage, names=names, key_id=key_id))
        return path

    def _key(self):
        self.n += 1
        path = os.path.join(self.folder, f"c{self.n}")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", path + ".key")
        return path

    def authority(self, name, key_id="hash"):
        """A new authority of this common name; key_id: its subject key id, or by its key."""
        path = self._key()
        return self._sign(path, name, self._config(key_id=key_id), "authority", path,
                          is_self_signed=True)

    def client(self, authority, uris, begins=-1, ends=30, usage="clientAuth"):
        """A client's certificate of an authority; begins and ends in days from now."""
        path = self._key()
        names = "subjectAltName = " + ",".join(f"URI:{u}" for u in uris) if uris else ""
        return self._sign(path, "client", self._config(usage, names), "client",
                          authority or path, begins, ends, is_self_signed=authority is None)

    def _request(self):
        path = os.path.join(self.folder, "request.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write("[req]\ndistinguished_name = dn\n[dn]\n")
        return path

    def _sign(self, path, name, config, section, authority, begins=-1, ends=30,
              is_self_signed=False):
        openssl("req", "-new", "-key", path + ".key", "-subj", "/CN=" + name, "-config",
                self._request(), "-out", path + ".csr")
        open(os.path.join(self.folder, "index.txt"), "w", encoding="ascii").close()
        who = ["-selfsign"] if is_self_signed else ["-cert", authority + ".pem"]
        command = ["openssl", "ca", "-batch", "-notext", "-config", config, "-extensions",
                   section, "-keyfile", authority + ".key", *who, "-in", path + ".csr",
                   "-out", path + ".pem", "-startdate", moment(begins), "-enddate",
                   moment(ends)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}:\n{done.stderr}")
        return path


def fingerprint(path):
    """SHA-256 of a certificate, as RevokeCertificate takes it."""
    text = openssl("x509", "-in", path + ".pem", "-noout", "-fingerprint", "-sha256")
    return text.strip().split("=")[1].replace(":", "").lower()


def key_id(path):
    """Subject key id of a certificate, as an extension's value."""
    text = openssl("x509", "-in", path + ".pem", "-noout", "-ext", "subjectKeyIdentifier")
    return text.strip().splitlines()[-1].strip().replace(":", "")


def common_name(path):
    text = openssl("x509", "-in", path + ".pem", "-noout", "-subject", "-nameopt", "multiline")
    return text.strip().splitlines()[-1].split("=")[1].strip()


def text_of(path):
    with open(path + ".pem", encoding="ascii") as file:
        return file.read()
