"""Which files are left out by their path, and which are tests.

The lists follow GitHub's linguist (vendor.yml, generated.rb) where it is sure.
"""

import re
from functools import lru_cache

_VENDORED = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|jspm_packages|\.yarn|vendor|vendors|vendored|_vendor|third[_-]?party"
    r"|[^/]*3rd[_-]?party|site-packages|dist-packages|\.?venv|virtualenv|\.tox|\.nox|godeps|pods|carthage|\.bundle"
    r"|gradle/wrapper|\.mvn/wrapper)/"
)
_MADE_FOLDER = re.compile(r"\.egg-info/|(?:^|/)__generated__/")
_MINIFIED = re.compile(r"[.-]min\.(?:js|mjs|cjs|css|html?)$|\.bundle\.js$")
_GENERATED = re.compile(
    r"_pb2(?:_grpc)?\.pyi?$|\.pb(?:\.gw)?\.go$|\.pb\.(?:cc|h)$|_(?:grpc_)?pb\.(?:js|d\.ts)$|\.pb-c\.[ch]$"
    r"|[._-]generated\.[^/.]+$|^zz_generated|_string\.go$|\.designer\.(?:cs|vb)$|\.g(?:\.i)?\.cs$|\.(?:g|freezed)\.dart$"
)
_GENERATED_NAMES = frozenset(
    "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock deno.lock cargo.lock poetry.lock uv.lock"
    " pdm.lock pipfile.lock gemfile.lock composer.lock mix.lock flake.lock podfile.lock pubspec.lock package.resolved"
    " go.sum gradlew gradlew.bat mvnw mvnw.cmd".split()
)
_GENERATED_SUFFIXES = frozenset("po pot xlf xliff map snap".split())  # catalogues are extracted from the sources
_BINARY_SUFFIXES = frozenset(
    "png jpg jpeg gif bmp ico icns webp avif tif tiff psd svg pdf ps eps ai graffle drawio woff woff2 ttf otf eot"
    " zip gz tgz bz2 xz zst 7z rar tar jar war whl egg nupkg mo pyc pyo so o a dylib dll exe class wasm node"
    " mp3 mp4 m4a ogg wav flac avi mov mkv webm sqlite sqlite3 db mmdb shp shx dbf npy npz parquet pkl pt onnx"
    " safetensors".split()
)
_TEST_FOLDER = re.compile(
    r"(?:^|/)(?:tests|__tests__|testcases|unittests|specs?|e2e|testdata|test-d|js_tests)/|^testing/"
    r"|(?:^|(?:^|/)(?:src|packages/[^/]+|crates/[^/]+|modules/[^/]+|lib|Lib)/)"
    r"(?:test|androidTest|integrationTest|testFixtures|it)/"
)
_TEST_NAME = re.compile(
    r"test_.+\.(?:py|c|cc|cpp|rb|sh|js|ts|rs)$|.+_tests?\.(?:py|go|rb|c|cc|cpp|exs|dart|js|ts|rs)$"
    r"|tests?\.(?:py|rs|go|js|ts)$|conftest\.py$|.+_spec\.(?:rb|js|ts|lua)$|.+[.-](?:test|spec|e2e)s?\.[cm]?[jt]sx?$"
    r"|.*[a-z0-9]Tests?\.(?:java|kt|kts|cs|php|swift|scala|groovy)$|Test[A-Z].*\.(?:java|kt)$"
    r"|.*[a-z0-9](?:IT|Spec)\.(?:java|kt|groovy|scala|swift)$|.+\.bats$"
)


def reason_by_path(path: str, mode: str) -> str:
    """Why a file is not read, known without its contents: link, vendored, generated, minified, binary; '' = it is."""
    if mode in ("120000", "160000"):
        return "link"
    folder, slash, name = path.rpartition("/")
    reason = _reason_by_folder(folder + slash)
    if reason:
        return reason
    name = name.lower()
    _, dot, suffix = name.rpartition(".")
    if dot and suffix in _BINARY_SUFFIXES:
        return "binary"
    if (dot and suffix in _GENERATED_SUFFIXES) or name in _GENERATED_NAMES or _GENERATED.search(name):
        return "generated"
    return "minified" if _MINIFIED.search(name) else ""


@lru_cache(maxsize=50_000)
def _reason_by_folder(folder: str) -> str:
    if _VENDORED.search(folder.lower()):
        return "vendored"
    return "generated" if _MADE_FOLDER.search(folder.lower()) else ""


def is_test(path: str) -> bool:
    """Whether a file is a test (or lies among them) by the customs of its language."""
    folder, slash, name = path.rpartition("/")
    return _folder_of_tests(folder + slash) or _TEST_NAME.match(name) is not None


@lru_cache(maxsize=50_000)
def _folder_of_tests(folder: str) -> bool:
    return _TEST_FOLDER.search(folder) is not None
