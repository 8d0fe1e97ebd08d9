"""The same questions in each language, from sources on: parser, store, imports and graph together."""

from pathlib import Path

import pytest

from factory.codegraph.building.build import source_of_commit, view_of
from factory.codegraph.graph.graph import Graph
from factory.codegraph.store.store import GraphStore
from factory.git import run_git

# language: (files, the caller); every `far` file defines and calls a stranger of the same name
SHOPS = {
    "python": ({
        "shop/__init__.py": "",
        "shop/cart.py": "def total(cart):\n    return sum(cart)\n",
        "shop/bill.py": "from .cart import total\n\n\ndef due(cart):\n    return total(cart)\n",
        "tests/test_cart.py": "from shop import cart\n\n\ndef test_total():\n    assert cart.total([1]) == 1\n",
        "other/far.py": "def total():\n    return 1\n\n\ndef run():\n    return total()\n",
    }, "shop/bill.py:due"),
    "javascript": ({
        "src/cart.js": "function total(cart) {\n  return cart.length\n}\nmodule.exports = { total }\n",
        "src/bill.js": "const { total } = require('./cart')\n\nfunction due(cart) {\n  return total(cart)\n}\n",
        "test/cart.test.js": "const cart = require('../src/cart')\n\nfunction check() {\n  cart.total([1])\n}\n",
        "far.js": "function total() {}\nfunction run() {\n  total()\n}\n",
    }, "src/bill.js:due"),
    "typescript": ({
        "tsconfig.json": '{"compilerOptions": {"paths": {"@shop/*": ["src/*"]}}}',
        "src/cart.ts": "export function total(cart: number[]) {\n  return cart.length\n}\n",
        "src/index.ts": "export { total } from './cart'\n",
        "src/bill.ts": "import { total } from '@shop/index'\nexport function due(c: number[]) { return total(c)}\n",
        "src/cart.test.ts": "import { total } from './cart'\n\nfunction check() {\n  total([1])\n}\n",
        "far.ts": "function total() {}\nfunction run() {\n  total()\n}\n",
    }, "src/bill.ts:due"),
    "go": ({
        "go.mod": "module example.com/shop\n",
        "cart/cart.go": "package cart\n\nfunc total(cart []int) int {\n\treturn len(cart)\n}\n",
        "cart/bill.go": "package cart\n\nfunc due(c []int) int {\n\treturn total(c)\n}\n",
        "cart/cart_test.go": "package cart\n\nfunc TestTotal(t *T) {\n\ttotal(nil)\n}\n",
        "far/far.go": "package far\n\nfunc total() {}\n\nfunc run() {\n\ttotal()\n}\n",
    }, "cart/bill.go:due"),
    "go packages": ({
        "go.mod": "module example.com/shop\n",
        "cart/cart.go": "package cart\n\nfunc total(cart []int) int {\n\treturn len(cart)\n}\n",
        "cart/cart_test.go": "package cart\n\nfunc TestTotal(t *T) {\n\ttotal(nil)\n}\n",
        "bill/bill.go": 'package bill\n\nimport "example.com/shop/cart"\n\nfunc due() int {\n\treturn cart.total(c)}\n',
        "far/far.go": "package far\n\nfunc total() {}\n\nfunc run() {\n\ttotal()\n}\n",
    }, "bill/bill.go:due"),
    "rust": ({
        "Cargo.toml": '[package]\nname = "shop"\n',
        "src/lib.rs": "pub mod cart;\npub mod bill;\npub mod far;\n",
        "src/cart.rs": "pub fn total(cart: &[u32]) -> u32 {\n    cart.iter().sum()\n}\n",
        "src/bill.rs": "use crate::cart::total;\n\npub fn due(cart: &[u32]) -> u32 {\n    total(cart)\n}\n",
        "src/far.rs": "fn total() {}\n\nfn run() {\n    total()\n}\n",
        "tests/cart_test.rs": "use shop::cart::total;\n\n#[test]\nfn adds() {\n    total(&[1]);\n}\n",
    }, "src/bill.rs:due"),
    "java": ({
        "main/java/com/shop/Cart.java": "package com.shop;\nclass Cart { static int total() { return 1;}}\n",
        "main/java/com/bill/Bill.java": "package com.bill;\nimport com.shop.Cart;\n"
                                        "class Bill {\n  int due() {\n    return Cart.total();\n  }\n}\n",
        "test/java/com/shop/CartTest.java": "package com.shop;\nclass CartTest { void adds() { Cart.total();}}\n",
        "main/java/com/far/Far.java": "package com.far;\nclass Far {\n  int total() {\n    return 1;\n  }\n"
                                      "  int run() {\n    return total();\n  }\n}\n",
    }, "main/java/com/bill/Bill.java:Bill.due"),
    "kotlin": ({
        "src/shop/Sums.kt": "package com.x.shop\n\nfun total(c: List<Int>): Int {\n    return c.size\n}\n",
        "src/bill/Bill.kt": "package com.x.bill\nimport com.x.shop.total\nfun due(): Int { return total(c)}\n",
        "test/shop/SumsTest.kt": "package com.x.shop\n\nimport com.x.shop.total\n\nfun adds() { total(listOf(1))}\n",
        "src/far/Far.kt": "package com.x.far\n\nfun total() {}\n\nfun run() {\n    total()\n}\n",
    }, "src/bill/Bill.kt:due"),
    "csharp": ({
        "Shop/Cart.cs": "namespace Shop {\n  class Cart {\n    static int total() {\n      return 1;\n    }\n  }\n}\n",
        "Bill/Bill.cs": "using Shop;\nnamespace Bills { class Bill { int due() { return Cart.total();}}}\n",
        "Tests/CartTest.cs": "using Shop;\nclass CartTest {\n  void adds() {\n    Cart.total();\n  }\n}\n",
        "Far/Far.cs": "namespace Far { class Far { int total() { return 1;}\n    int run() { return total();}}}\n",
    }, "Bill/Bill.cs:Bills.Bill.due"),
    "php": ({
        "composer.json": '{"autoload": {"psr-4": {"App\\\\": "src/"}}}',
        "src/Cart.php": "<?php\nnamespace App;\nclass Cart {\n  static function total() {\n    return 1;\n  }\n}\n",
        "src/Bill/Bill.php": "<?php\nuse App\\Cart;\nclass Bill { function due() { Cart::total();}}\n",
        "tests/CartTest.php": "<?php\nuse App\\Cart;\nclass CartTest { function adds() { Cart::total();}}\n",
        "src/Far/Far.php": "<?php\nclass Far { function total() { }\n  function run() { return $this->total();}}\n",
    }, "src/Bill/Bill.php:Bill.due"),
    "ruby": ({
        "lib/shop/cart.rb": "def total(cart)\n  cart.sum\nend\n",
        "lib/shop/bill.rb": "require_relative 'cart'\n\ndef due(cart)\n  total(cart)\nend\n",
        "spec/cart_spec.rb": "require 'shop/cart'\n\ndef adds\n  total([1])\nend\n",
        "lib/far.rb": "def total\n  1\nend\n\ndef run\n  total()\nend\n",
    }, "lib/shop/bill.rb:due"),
    "c": ({
        "src/cart.h": "int total(int *cart);\n",
        "src/cart.c": '#include "cart.h"\n\nint total(int *cart) {\n  return 1;\n}\n',
        "src/bill.c": '#include "cart.h"\n\nint due(int *cart) {\n  return total(cart);\n}\n',
        "tests/test_cart.c": '#include "../src/cart.h"\n\nvoid adds(void) {\n  total(0);\n}\n',
        "far.c": "static int total(void) {\n  return 1;\n}\n\nint run(void) {\n  return total();\n}\n",
    }, "src/bill.c:due"),
    "cpp": ({
        "include/cart.hpp": "int total(int *cart);\n",
        "src/cart.cpp": '#include "cart.hpp"\n\nint total(int *cart) {\n  return 1;\n}\n',
        "src/bill.cpp": '#include "cart.hpp"\n\nint due(int *cart) {\n  return total(cart);\n}\n',
        "tests/test_cart.cpp": '#include "cart.hpp"\n\nvoid adds() {\n  total(nullptr);\n}\n',
        "far.cpp": "static int total() {\n  return 1;\n}\n\nint run() {\n  return total();\n}\n",
    }, "src/bill.cpp:due"),
    "swift": ({
        "Sources/Shop/Cart.swift": "func total(cart: [Int]) -> Int {\n  return 1\n}\n",
        "Sources/Bill/Bill.swift": "import Shop\n\nfunc due(cart: [Int]) -> Int {\n  return total(cart: cart)\n}\n",
        "Tests/ShopTests/CartTests.swift": "import Shop\n\nfunc adds() {\n  total(cart: [1])\n}\n",
        "Sources/Far/Far.swift": "func total() -> Int {\n  return 1\n}\n\nfunc run() {\n  total()\n}\n",
    }, "Sources/Bill/Bill.swift:due"),
    "bash": ({
        "bin/cart.sh": "total() {\n  echo 1\n}\n",
        "bin/bill.sh": 'source "$(dirname "$0")/cart.sh"\n\ndue() {\n  total "$1"\n}\n',
        "tests/test_cart.sh": "source ../bin/cart.sh\n\nadds() {\n  total 1\n}\n",
        "far.sh": "total() {\n  echo 2\n}\n\nrun() {\n  total\n}\n",
    }, "bin/bill.sh:due"),
}  # fmt: skip


# a method and a function of one name in one file; the method calls the function, `again` calls the method
NAMESAKES = {
    "cart.py": "def total(c):\n    return 1\n\n\nclass Cart:\n    def total(self):\n        return total(self)\n\n"
               "    def again(self):\n        return self.total()\n",
    "cart.js": "function total(c) {\n  return 1\n}\nclass Cart {\n  total() {\n    return total(this)\n  }\n"
               "  again() {\n    return this.total()\n  }\n}\n",
    "cart.ts": "function total(c: Cart) {\n  return 1\n}\nclass Cart {\n  total() {\n    return total(this)\n  }\n"
               "  again() {\n    return this.total()\n  }\n}\n",
    "cart.go": "package cart\n\nfunc total(c Cart) int {\n\treturn 1\n}\n\nfunc (c Cart) total() int {\n"
               "\treturn total(c)\n}\n\nfunc (c Cart) again() int {\n\treturn c.total()\n}\n",
    "cart.rs": "fn total(c: &Cart) -> i32 {\n    1\n}\nstruct Cart {}\nimpl Cart {\n    fn total(&self) -> i32 {\n"
               "        total(self)\n    }\n    fn again(&self) -> i32 {\n        self.total()\n    }\n}\n",
    "cart.php": "<?php\nfunction total($c) {\n  return 1;\n}\nclass Cart {\n  function total() {\n"
                "    return total($this);\n  }\n  function again() {\n    return $this->total();\n  }\n}\n",
}  # fmt: skip


@pytest.mark.parametrize("path", NAMESAKES)
def test_a_call_without_a_receiver_means_the_function_and_not_the_method_around_it(path: str, tmp_path: Path) -> None:
    graph = built(tmp_path, {path: NAMESAKES[path]})
    assert [one.symbol for one in graph.callees(f"{path}:Cart.total").items] == ["total"]
    assert [one.symbol for one in graph.callees(f"{path}:Cart.again").items] == ["Cart.total"]
    function, method = (next(one for one in graph.symbols("total").items if one.name == name)
                        for name in ("total", "Cart.total"))  # fmt: skip
    assert [one.symbol for one in graph.uses.of([function], 9).items if one.kind == "call"] == ["Cart.total"]
    assert [one.symbol for one in graph.uses.of([method], 9).items if one.kind == "call"] == ["Cart.again"]


def built(folder: Path, files: dict[str, str]) -> Graph:
    for path, text in files.items():
        (folder / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "repo" / path).write_text(text)
    run_git(folder, "init", "--quiet", "repo")
    run_git(folder / "repo", "add", "--all")
    run_git(folder / "repo", "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "-m", "first")
    view, counts = view_of(GraphStore(folder / "graph.db"), source_of_commit(folder / "repo"), workers=1)
    assert counts.failed == ()
    return Graph(view)


@pytest.mark.parametrize("language", SHOPS)
def test_callers_and_tests_are_found_and_strangers_are_not(language: str, tmp_path: Path) -> None:
    files, caller = SHOPS[language]
    graph = built(tmp_path, files)
    named = graph.symbols("total").items
    defined = next(one for one in named if "far" not in one.path.lower() and not one.path.endswith((".h", ".hpp")))
    sure = {f"{one.path}:{one.symbol}" for one in graph.callers(defined.key).items if one.sure}
    assert caller in sure
    assert not [key for key in sure if "far" in key.lower()]
    tests = graph.tests_of(defined.key).items
    assert tests
    assert "uses" in tests[0].why
    assert [one.symbol for one in graph.callees(caller).items] == [defined.name]
