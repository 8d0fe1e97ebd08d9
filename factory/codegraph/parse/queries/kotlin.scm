(class_declaration "class" name: (identifier) @name (class_body)? @body) @class
(class_declaration name: (identifier) @name (enum_class_body) @body) @enum
(class_declaration "interface" name: (identifier) @name (class_body)? @body) @interface
(object_declaration name: (identifier) @name (class_body)? @body) @class
(companion_object name: (identifier) @name (class_body)? @body) @class
(class_parameter ["val" "var"] . (identifier) @name) @field
(function_declaration name: (identifier) @name (function_body)? @body) @function
(secondary_constructor "constructor" @name (block)? @body) @constructor
(property_declaration (variable_declaration . (identifier) @name)) @variable
(enum_entry . (identifier) @name) @constant
(type_alias type: (identifier) @name) @type

(import) @import

(call_expression . [(identifier) @call (navigation_expression (identifier) @call .)])
(delegation_specifier [
  (user_type (identifier) @base .)
  (user_type (identifier) @base . (type_arguments))
  (constructor_invocation . (user_type (identifier) @base .))
  (constructor_invocation . (user_type (identifier) @base . (type_arguments)))
  (explicit_delegation . (user_type (identifier) @base .))
  (explicit_delegation . (user_type (identifier) @base . (type_arguments)))])
(user_type (identifier) @mention)
