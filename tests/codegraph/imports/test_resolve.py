"""Which files an import means, language by language."""

import pytest

from factory.codegraph.facts import NOTHING, Import
from factory.codegraph.imports.resolve import resolve, resolver_of
from tests.codegraph.listed import ListedView, facts, symbol


def means(files: list[str] | dict[str, str], path: str, module: str, *names: str) -> tuple[str, ...]:
    """`files` by path: text of the manifests, "" for the rest."""
    texts = files if isinstance(files, dict) else dict.fromkeys(files, "")
    view = ListedView({name: text or NOTHING for name, text in texts.items()})
    return resolve(view, path, Import(module, names, 1))


PYTHON = ["shop/__init__.py", "shop/cart.py", "shop/json.py", "shop/tax/__init__.py", "shop/tax/rates.py",
          "tests/test_cart.py", "tests/workshop.py", "src/lib/deep/__init__.py", "src/lib/deep/well.py"]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "module", "names", "found"),
    [
        ("tests/test_cart.py", "shop.cart", ("total",), ("shop/cart.py",)),
        ("tests/test_cart.py", "shop", ("cart",), ("shop/cart.py",)),
        ("tests/test_cart.py", "shop", ("cart", "VERSION"), ("shop/cart.py", "shop/__init__.py")),
        ("tests/test_cart.py", "shop", ("*",), ("shop/__init__.py",)),
        ("tests/test_cart.py", "shop.tax.rates", (), ("shop/tax/rates.py",)),
        ("tests/test_cart.py", "workshop", ("x",), ("tests/workshop.py",)),
        ("tests/test_cart.py", "lib.deep.well", (), ("src/lib/deep/well.py",)),
        ("tests/test_cart.py", "json", ("dumps",), ()),
        ("tests/test_cart.py", "cart", (), ()),
        ("shop/cart.py", ".", ("tax",), ("shop/tax/__init__.py",)),
        ("shop/cart.py", ".json", ("dumps",), ("shop/json.py",)),
        ("shop/tax/rates.py", "..cart", ("total",), ("shop/cart.py",)),
        ("shop/tax/__init__.py", ".rates", ("*",), ("shop/tax/rates.py",)),
        ("shop/cart.py", "....far", ("x",), ()),
        ("shop/cart.py", "os.path", ("join",), ()),
    ],
)
def test_python(path: str, module: str, names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert means(PYTHON, path, module, *names) == found


def test_python_takes_the_closest_source_root() -> None:
    files = ["one/src/shop/cart.py", "two/src/shop/cart.py", "two/tests/test_cart.py"]
    assert means(files, "two/tests/test_cart.py", "shop.cart", "total") == ("two/src/shop/cart.py",)


SCRIPT = {
    "tsconfig.json": '{ // comment\n "compilerOptions": {"baseUrl": ".", "paths": {"@app/*": ["web/src/*"],}}, }',
    "packages/core/package.json": '{"name": "@shop/core", "main": "dist/index.js", "source": "src/index.ts"}',
    "web/src/cart.ts": "", "web/src/cart.test.ts": "", "web/src/tax/index.ts": "", "web/src/view.tsx": "",
    "packages/core/src/index.ts": "", "packages/core/src/money.ts": "", "index.js": "", "a.js": "", "web/b.js": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "module", "found"),
    [
        ("web/src/cart.test.ts", "./cart", ("web/src/cart.ts",)),
        ("web/src/cart.test.ts", "./cart.js", ("web/src/cart.ts",)),
        ("web/src/cart.test.ts", "./tax", ("web/src/tax/index.ts",)),
        ("web/src/tax/index.ts", "..", ()),
        ("web/src/tax/index.ts", "../view", ("web/src/view.tsx",)),
        ("web/src/cart.ts", "@app/view", ("web/src/view.tsx",)),
        ("web/src/cart.ts", "web/src/view", ("web/src/view.tsx",)),
        ("web/src/cart.ts", "@/tax", ("web/src/tax/index.ts",)),
        ("web/src/cart.ts", "@shop/core", ("packages/core/src/index.ts",)),
        ("web/src/cart.ts", "@shop/core/money", ("packages/core/src/money.ts",)),
        ("web/src/cart.ts", "react", ()),
        ("web/src/cart.ts", "../../../../etc/passwd", ()),
        ("a.js", ".", ("index.js",)),
        ("web/b.js", "..", ("index.js",)),
    ],
)
def test_script(path: str, module: str, found: tuple[str, ...]) -> None:
    assert means(SCRIPT, path, module) == found


def test_a_manifest_that_is_none_is_no_crash() -> None:
    files = {"tsconfig.json": "{" * 5000, "package.json": "[]", "go.mod": "\x00", "Cargo.toml": "= =", "a.ts": "",
             "composer.json": "[" * 100_000, "b.php": "", "c.rs": "", "d.go": ""}  # fmt: skip
    for path in ("a.ts", "b.php", "c.rs", "d.go"):
        assert means(files, path, "x/y") == ()


GO = {"go.mod": "module example.com/shop // v2\n", "tools/go.mod": "module example.com/tools\n", "cart/cart.go": "",
      "cart/tax.go": "", "cart/cart_test.go": "", "main.go": "", "tools/gen/gen.go": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("module", "found"),
    [
        ("example.com/shop/cart", ("cart/cart.go", "cart/tax.go")),
        ("example.com/tools/gen", ("tools/gen/gen.go",)),
        ("example.com/shop", ()),  # the file itself is left out
        ("example.com/shopping/cart", ()),
        ("encoding/json", ()),
    ],
)
def test_go(module: str, found: tuple[str, ...]) -> None:
    assert means(GO, "main.go", module) == found


RUST = {
    "Cargo.toml": '[workspace]\nmembers = ["core-lib"]\n[package]\nname = "shop"\n',
    "core-lib/Cargo.toml": '[package]\nname = "core-lib"\n',
    "core-lib/src/lib.rs": "", "core-lib/src/money.rs": "",
    "src/main.rs": "", "src/lib.rs": "", "src/cart.rs": "", "src/cart/tax.rs": "", "src/store/mod.rs": "",
    "src/store/disk.rs": "", "tests/whole.rs": "", "tests/town.rs": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "module", "names", "found"),
    [
        ("src/store/disk.rs", "crate::cart", ("Cart",), ("src/cart.rs",)),
        ("src/store/disk.rs", "crate::cart", ("tax", "Cart"), ("src/cart/tax.rs", "src/cart.rs")),
        ("src/store/disk.rs", "super", ("Shelf",), ("src/store/mod.rs",)),
        ("src/cart/tax.rs", "super", ("Cart",), ("src/cart.rs",)),
        ("src/cart/tax.rs", "super::super::store", ("Shelf",), ("src/store/mod.rs",)),
        ("src/main.rs", "self::cart", (), ("src/cart.rs",)),
        ("src/main.rs", "store::disk", ("Disk",), ("src/store/disk.rs",)),
        ("src/main.rs", "core_lib::money", ("Euro",), ("core-lib/src/money.rs",)),
        ("tests/whole.rs", "shop::cart", ("Cart",), ("src/cart.rs",)),
        ("tests/whole.rs", "self::town", (), ("tests/town.rs",)),
        ("src/main.rs", "std::io", ("Read",), ()),
        ("src/main.rs", "super::x", ("y",), ()),
    ],
)
def test_rust(path: str, module: str, names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert means(RUST, path, module, *names) == found


JVM = ["app/src/main/java/com/shop/Cart.java", "app/src/main/java/com/shop/Tax.java",
       "app/src/test/java/com/shop/CartTest.java", "lib/com/shop/Cart.java"]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "names", "found"),
    [
        ("com.shop", ("Cart",), (JVM[0],)),
        ("com.shop.Cart", ("Item",), (JVM[0],)),
        ("com.shop.Cart", ("total",), (JVM[0],)),
        ("com.shop", ("*",), (JVM[0], JVM[1], JVM[3])),
        ("java.util", ("List",), ()),
    ],
)
def test_java(module: str, names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert means(JVM, JVM[2], module, *names) == found


def test_kotlin_finds_a_function_by_what_a_file_defines() -> None:
    view = ListedView({"src/shop/Money.kt": facts(symbol("euro", 1, 2), language="kotlin"), "src/Main.kt": NOTHING})
    assert resolve(view, "src/Main.kt", Import("com.example.shop", ("euro",), 1)) == ("src/shop/Money.kt",)


def test_c_sharp_by_declared_namespace_and_by_folder() -> None:
    files = {"Shop/Carts/Cart.cs": facts(symbol("Shop.Billing", 1, 9, "module"), language="csharp"),
             "Shop/Tax/Rate.cs": NOTHING, "Main.cs": NOTHING}  # fmt: skip
    view = ListedView(files)
    assert resolve(view, "Main.cs", Import("Shop.Billing", ("*",), 1)) == ("Shop/Carts/Cart.cs",)
    assert resolve(view, "Main.cs", Import("Shop.Tax", ("*",), 1)) == ("Shop/Tax/Rate.cs",)
    assert resolve(view, "Main.cs", Import("System", ("*",), 1)) == ()


@pytest.mark.parametrize(
    ("files", "path", "module", "names", "found"),
    [
        (["src/a.c", "src/a.h", "include/shop/b.h", "x/string.h"], "src/a.c", "a.h", (), ("src/a.h",)),
        (["src/a.c", "include/shop/b.h"], "src/a.c", "shop/b.h", (), ("include/shop/b.h",)),
        (["src/a.c", "x/string.h"], "src/a.c", "string.h", (), ()),
        (["src/a.c", "deep/down/odd.h"], "src/a.c", "odd.h", (), ("deep/down/odd.h",)),
        (["lib/shop/cart.rb", "spec/cart_spec.rb"], "spec/cart_spec.rb", "shop/cart", (), ("lib/shop/cart.rb",)),
        (["spec/a.rb", "spec/b.rb"], "spec/a.rb", "./b", (), ("spec/b.rb",)),
        (["spec/a.rb", "lib/json.rb"], "spec/a.rb", "set", (), ()),
        (["src/Cart/Total.php", "a.php"], "a.php", "Vendor\\Cart", ("Total",), ("src/Cart/Total.php",)),
        (["inc/x.php", "a.php"], "a.php", "/inc/x.php", (), ("inc/x.php",)),
        (["bin/run.sh", "bin/lib.sh"], "bin/run.sh", "$(dirname \"$0\")/lib.sh", (), ("bin/lib.sh",)),
        (["bin/run.sh", "bin/lib.sh"], "bin/run.sh", "${HERE}/lib.sh", (), ("bin/lib.sh",)),
        (["Sources/Shop/Cart.swift", "Tests/T.swift"], "Tests/T.swift", "Shop", (), ("Sources/Shop/Cart.swift",)),
    ],
)  # fmt: skip
def test_others(files: list[str], path: str, module: str, names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert means(files, path, module, *names) == found


def test_php_by_composers_folders() -> None:
    files = {"composer.json": '{"autoload": {"psr-4": {"App\\\\": "source/"}}}', "source/Cart.php": "", "a.php": ""}
    assert means(files, "a.php", "App", "Cart") == ("source/Cart.php",)


def test_a_view_has_one_resolver_and_a_file_never_imports_itself() -> None:
    view = ListedView({"a.py": NOTHING})
    assert resolver_of(view) is resolver_of(view)
    assert resolve(view, "a.py", Import("a", (), 1)) == ()
    assert resolve(view, "gone.py", Import("a", (), 1)) == ()
