(class_definition name: (identifier) @name body: (block) @body) @class
(function_definition name: (identifier) @name body: (block) @body) @function
(decorated_definition) @outer
(expression_statement (assignment left: (identifier) @name)) @variable
(expression_statement (assignment right: (assignment left: (identifier) @name))) @variable
(module (expression_statement (assignment left: (pattern_list (identifier) @name))) @variable)
(type_alias_statement left: (type [(identifier) @name (generic_type . (identifier) @name)])) @type

(import_statement) @import
(import_from_statement) @import

(call function: [(identifier) @call (attribute attribute: (identifier) @call)])
(class_definition superclasses: (argument_list [
  (identifier) @base
  (attribute attribute: (identifier) @base)
  (subscript value: [(identifier) @base (attribute attribute: (identifier) @base)])]))
(decorator [(identifier) @mention (attribute attribute: (identifier) @mention)])
(type [(identifier) @mention (attribute attribute: (identifier) @mention) (generic_type . (identifier) @mention)])
