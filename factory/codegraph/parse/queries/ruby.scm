(class name: [(constant) @name (scope_resolution name: (constant) @name)] body: (_)? @body) @class
(module name: [(constant) @name (scope_resolution name: (constant) @name)] body: (_)? @body) @trait
(method name: (_) @name body: (_)? @body) @function
(singleton_method name: (_) @name body: (_)? @body) @method
(assignment left: (constant) @name) @constant
(call method: (identifier) @_attribute arguments: (argument_list (simple_symbol) @name)
  (#any-of? @_attribute "attr_accessor" "attr_reader" "attr_writer" "scope" "delegate" "has_many" "has_one" "belongs_to")) @field
(alias name: (_) @name) @method

(call !receiver method: (identifier) @_require arguments: (argument_list . (string))
  (#any-of? @_require "require" "require_relative" "load" "autoload")) @import

(call method: [(identifier) (constant)] @call)
(class superclass: (superclass [(constant) @base (scope_resolution name: (constant) @base)]))
(call !receiver method: (identifier) @_include
  arguments: (argument_list [(constant) @base (scope_resolution name: (constant) @base)])
  (#any-of? @_include "include" "extend" "prepend"))
(constant) @mention
