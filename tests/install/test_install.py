"""What is installed, used as somebody else would: from a prefix with a space in it.

The files, the names the libraries show, the header on its own, pkg-config and CMake, and the
example agent against a real broker.
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))

from broker import Broker, Failed, run, wait_for  # noqa: E402

BUILD = os.environ["KONTOR_BUILD"]
VERSION = os.environ["KONTOR_VERSION"]
CC = os.environ.get("CC", "cc")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
API = re.compile(r"kontor_[a-z0-9_]+|kontor__v1__\w+|google__protobuf__\w+")
# (name, standard, language, compiler)
LANGUAGES = [("C17", "c17", "c", CC), ("C++17", "c++17", "c++", "c++")]

MESSAGES = ["catalogue", "catalogue_service", "commit", "common", "configuration",
            "configuration_service", "fulfilment_service", "order", "order_service", "registry",
            "registry_service", "watch"]
WELL_KNOWN = ["any", "descriptor", "duration", "field_mask", "timestamp"]
# Below the prefix; {libdir} is where the machine keeps libraries.
FILES = [
    "bin/kontor", "sbin/kontord",
    "{libdir}/libkontor.a", "{libdir}/libkontor.so", "{libdir}/libkontor.so.0",
    "{libdir}/libkontor.so.{version}", "{libdir}/pkgconfig/kontor.pc",
    "{libdir}/cmake/kontor/kontorConfig.cmake", "{libdir}/cmake/kontor/kontorConfigVersion.cmake",
    "{libdir}/cmake/kontor/kontorTargets.cmake",
    "include/kontor/kontor.h", "include/kontor/calls.h",
    *[f"include/kontor/v1/{name}.pb-c.h" for name in MESSAGES],
    *[f"include/kontor/wellknown/google/protobuf/{name}.pb-c.h" for name in WELL_KNOWN],
    *[f"share/kontor/proto/kontor/v1/{name}.proto" for name in MESSAGES],
    "share/man/man1/kontor.1", "share/man/man3/libkontor.3", "share/man/man8/kontord.8",
    "share/bash-completion/completions/kontor",
    "lib/systemd/system/kontord.service", "lib/sysusers.d/kontor.conf",
    "share/doc/kontor/LICENSE", "share/doc/kontor/CHANGELOG.md",
    *[f"share/doc/kontor/examples/{name}" for name in (
        "agent.c", "alpine.json", "einfracentral-2017.xml", "eosc-5.json", "eosc-6.json", "osb.json", "order.json",
        "plan.json", "tmf633.json", "kontord.conf", "agent/find-notebook", "agent/find-volume", "agent/make-notebook",
        "agent/make-volume")],
]


def content(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names)


def libdir_of(folder):
    for place, _, names in os.walk(folder):
        if "libkontor.a" in names:
            return os.path.relpath(place, folder)
    raise Failed(f"there is no libkontor.a below {folder}")


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="kontor install ")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.prefix = os.path.join(cls.folder, "pre fix")
        run(["cmake", "--install", BUILD, "--prefix", cls.prefix])
        cls.libdir = libdir_of(cls.prefix)
        cls.libraries = os.path.join(cls.prefix, cls.libdir)
        cls.environment = {**os.environ, "LD_LIBRARY_PATH": cls.libraries,
                           "PKG_CONFIG_PATH": os.path.join(cls.libraries, "pkgconfig")}

    def path(self, *below):
        return os.path.join(self.prefix, *below)

    def flags(self, *options):
        """What pkg-config says, as the words a shell would make of it."""
        return shlex.split(run(["pkg-config", *options, "kontor"], env=self.environment))

    def wanted(self):
        return sorted(name.format(libdir=self.libdir, version=VERSION) for name in FILES)

    # What is there ---------------------------------------------------------------------

    def test_all_of_it_is_installed_and_nothing_else(self):
        # CMake names one file after the configuration that was built.
        found = [name for name in files_below(self.prefix)
                 if not re.search(r"/kontorTargets-\w+\.cmake$", name)]
        self.assertEqual(found, self.wanted())

    def test_destdir_goes_before_the_prefix_and_into_no_file(self):
        stage = os.path.join(self.folder, "sta ge")
        run(["cmake", "--install", BUILD, "--prefix", "/usr"], env={**os.environ, "DESTDIR": stage})
        found = [name for name in files_below(os.path.join(stage, "usr"))
                 if not re.search(r"/kontorTargets-\w+\.cmake$", name)]
        self.assertEqual(found, self.wanted())
        self.assertEqual(os.listdir(stage), ["usr"])
        unit = content(stage, "usr/lib/systemd/system/kontord.service")
        self.assertIn('ExecStart="/usr/sbin/kontord" --config "/etc/kontor/kontord.conf"\n', unit)

    def test_no_text_names_the_build_or_the_source(self):
        for name in self.wanted():
            if name.endswith((".so", ".a", "kontord", "bin/kontor")) or ".so." in name:
                continue
            text = content(self.prefix, name)
            for place in (BUILD, os.path.realpath(os.path.join(HERE, "..", ".."))):
                self.assertNotIn(place + "/", text, name)

    # The names -------------------------------------------------------------------------

    def test_the_shared_library_shows_the_api_only(self):
        library = os.path.join(self.libraries, "libkontor.so")
        rows = [line.split() for line in run(["nm", "-D", "--defined-only", library]).splitlines()]
        names = [row[2] for row in rows if row[1] != "A"]
        self.assertGreater(len(names), 100)
        for name in names:
            bare, _, version = name.partition("@@")
            self.assertTrue(API.fullmatch(bare), name)
            self.assertEqual(version, "KONTOR_0", name)
        self.assert_declared(name.partition("@@")[0] for name in names)
        self.assertRegex(run(["readelf", "-d", library]), r"SONAME.*\[libkontor\.so\.0\]")

    def test_the_static_library_shows_the_same(self):
        shown = []
        for name, column in (("libkontor.a", "-g"), ("libkontor.so", "-D")):
            text = run(["nm", column, "--defined-only", os.path.join(self.libraries, name)])
            shown.append({line.split()[2].partition("@@")[0] for line in text.splitlines()
                          if len(line.split()) == 3 and line.split()[1] != "A"})
        self.assertEqual(shown[0], shown[1])

    def assert_declared(self, names):
        text = content(self.prefix, "include/kontor/kontor.h")
        text += content(self.prefix, "include/kontor/calls.h")
        for name in names:
            if not name.startswith(("kontor__", "google__")):
                self.assertRegex(text, rf"\b{name}\b")

    # The header ------------------------------------------------------------------------

    def test_the_header_compiles_alone_and_reads_nothing_of_grpc(self):
        source = os.path.join(self.folder, "alone")
        for name, standard, language, compiler in LANGUAGES:
            with self.subTest(name):
                with open(source, "w", encoding="ascii") as file:
                    file.write("#include <kontor/kontor.h>\n")
                command = [compiler, "-x", language, f"-std={standard}", *WARNINGS,
                           *self.flags("--cflags"), source]
                run([*command, "-fsyntax-only"])
                read = run([*command, "-M"])
                self.assertIn("kontor.h", read)
                for foreign in ("/grpc/", "/openssl/", "/grpcpp/", "/sqlite", "/jansson"):
                    self.assertNotIn(foreign, read)

    # pkg-config, CMake -----------------------------------------------------------------

    def test_pkg_config_knows_version_and_place(self):
        self.assertEqual(self.flags("--modversion"), [VERSION])
        places = [os.path.realpath(flag[2:]) for flag in self.flags("--cflags")
                  if flag.startswith("-I")]
        self.assertIn(os.path.realpath(self.path("include")), places)
        self.assertIn("-lkontor", self.flags("--libs"))
        self.assertEqual([flag for flag in self.flags("--cflags") if flag[:2] != "-I"], [])
        self.assertNotIn("-lgrpc", self.flags("--libs"))
        self.assertIn("-lgrpc", self.flags("--static", "--libs"))

    def test_cmake_finds_both_libraries(self):
        build = os.path.join(self.folder, "consumer build")
        run(["cmake", "-G", "Ninja", "-S", os.path.join(HERE, "consumer"), "-B", build,
             f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DKONTOR_WANTED={VERSION}",
             f"-DCMAKE_C_COMPILER={CC}"])
        run(["cmake", "--build", build])
        for name, is_shared in (("consumer_shared", True), ("consumer_static", False)):
            program = os.path.join(build, name)
            self.assertEqual(run([program]), "right\n")
            needed = run(["readelf", "-d", program])
            self.assertEqual("libkontor.so.0" in needed, is_shared, needed)
            self.assertEqual("libgrpc.so" in needed, not is_shared, needed)

    # Programs and pages ----------------------------------------------------------------

    def test_the_programs_say_who_they_are(self):
        self.assertEqual(run([self.path("sbin/kontord"), "--version"]), f"kontord {VERSION}\n")
        self.assertEqual(run([self.path("bin/kontor"), "--version"]), f"kontor {VERSION}\n")
        self.assertIn("order place", run([self.path("bin/kontor"), "--help"]))

    def test_the_manuals_are_well_formed(self):
        command = ["groff", "-man", "-ww", "-Tutf8", "-P-cbou"]
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        for page in ("man1/kontor.1", "man3/libkontor.3", "man8/kontord.8"):
            text = run([*command, self.path("share/man", page)])
            self.assertEqual(run.stderr, "", page)
            self.assertIn("NAME", text)

    def test_the_completion_is_a_script_of_bash(self):
        run(["bash", "-n", self.path("share/bash-completion/completions/kontor")])

    def test_the_unit_starts_what_is_installed(self):
        unit = self.path("lib/systemd/system/kontord.service")
        self.assertIn(f'ExecStart="{self.path("sbin/kontord")}" --config '
                      f'"{self.path("etc/kontor/kontord.conf")}"\n', content(unit))
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        run(["systemd-analyze", "verify", "--man=no", unit])
        self.assertNotIn("kontord.service", run.stderr)

    # The example -----------------------------------------------------------------------

    def compile_agent(self):
        source = self.path("share/doc/kontor/examples/agent.c")
        self.assertLess(len(content(source).splitlines()), 60)
        agent = os.path.join(self.folder, "agent")
        run([CC, "-std=c17", "-D_POSIX_C_SOURCE=200809L", *WARNINGS, source,
             *self.flags("--cflags", "--libs"), "-o", agent])
        return agent

    def test_the_example_agent_delivers(self):
        agent = self.compile_agent()
        os.environ["KONTORD"] = self.path("sbin/kontord")
        os.environ["KONTOR"] = self.path("bin/kontor")
        with Broker("install") as broker:
            self.place(broker.furnish())
            backends = self.spawn(broker, agent)

            def completed():
                order = json.loads(broker.kontor("coast", "portal", "order", "show", "coast/o-1",
                                                 "--output", "json"))
                return order if self.states(order) == ["COMPLETED"] * 2 else None

            wait_for(completed, 30, "both items to be COMPLETED")
            for backend in backends:
                self.assertEqual(len(os.listdir(backend)), 1)

    def place(self, broker):
        def example(name):
            return self.path("share/doc/kontor/examples", name)

        for role, noun in (("admin", "catalogue"), ("site_admin", "config")):
            broker.kontor("alpine", role, noun, "import", "--format", "kontor-1",
                          example("alpine.json"))
        broker.kontor("coast", "portal", "project", "create", "coast/p1", "--name", "Summer")
        broker.kontor("coast", "portal", "order", "place", example("order.json"))
        for item in ("storage", "notebook"):
            broker.kontor("alpine", "operator", "order", "decide", f"coast/o-1/{item}",
                          "--approve")

    def spawn(self, broker, agent):
        """One agent for each offer; they end with the broker."""
        backends = []
        for offer in ("alpine/block-storage/standard", "alpine/notebooks/gpu"):
            backend = os.path.join(self.folder, offer.replace("/", " "))
            os.mkdir(backend)
            backends.append(backend)
            broker.children.append(subprocess.Popen(
                [agent, offer, backend],
                env={**self.environment, **{name: value for name, value in
                     broker.environment("alpine", "agent").items() if name.startswith("KONTOR_")}}))
        return backends

    @staticmethod
    def states(order):
        return [item["state"] for item in order.get("items", [])]


if __name__ == "__main__":
    unittest.main(verbosity=2)
