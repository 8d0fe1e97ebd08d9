(class_declaration name: (type_identifier) @name body: (_) @body) @class
(abstract_class_declaration name: (type_identifier) @name body: (_) @body) @class
(interface_declaration name: (type_identifier) @name body: (_) @body) @interface
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(enum_body name: (property_identifier) @name @constant)
(enum_assignment name: (property_identifier) @name) @constant
(type_alias_declaration name: (type_identifier) @name) @type
(internal_module name: (_) @name body: (_) @body) @module
(module name: [(identifier) @name (nested_identifier) @name (string (string_fragment) @name)] body: (_) @body) @module
(function_signature name: (identifier) @name) @function
(abstract_method_signature name: (_) @name) @method
(method_signature name: (_) @name) @method
(property_signature name: (property_identifier) @name) @field
(public_field_definition name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @method
(public_field_definition name: (_) @name) @field
(program (ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name) @variable)))
(internal_module body: (statement_block
  (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @variable))))
(required_parameter (accessibility_modifier) pattern: (identifier) @name) @field
(ambient_declaration) @outer

(extends_clause value: [(identifier) @base (member_expression property: (_) @base)
  (call_expression function: [(identifier) @base (member_expression property: (_) @base)])])
(implements_clause [(type_identifier) @base (nested_type_identifier name: (_) @base)
  (generic_type name: [(type_identifier) @base (nested_type_identifier name: (_) @base)])])
(extends_type_clause type: [(type_identifier) @base (nested_type_identifier name: (_) @base)
  (generic_type name: [(type_identifier) @base (nested_type_identifier name: (_) @base)])])
(type_identifier) @mention
