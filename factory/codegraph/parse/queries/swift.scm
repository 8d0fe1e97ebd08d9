(class_declaration declaration_kind: "class" name: (type_identifier) @name body: (_) @body) @class
(class_declaration declaration_kind: "actor" name: (type_identifier) @name body: (_) @body) @class
(class_declaration declaration_kind: "struct" name: (type_identifier) @name body: (_) @body) @struct
(class_declaration declaration_kind: "enum" name: (type_identifier) @name body: (_) @body) @enum
(class_declaration declaration_kind: "extension" name: (user_type (type_identifier) @name .)) @scope
(protocol_declaration name: (type_identifier) @name body: (_) @body) @interface
; Without @body: with it the query takes half a second to compile, twice as long.
(function_declaration name: (simple_identifier) @name) @function
(protocol_function_declaration name: (simple_identifier) @name) @method
(init_declaration "init" @name body: (_)? @body) @constructor
(property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @variable
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @field
(enum_entry name: (simple_identifier) @name) @constant
(typealias_declaration name: (type_identifier) @name) @type

(import_declaration (identifier) @import)

(call_expression . [(simple_identifier) @call (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @call))])
(constructor_expression constructed_type: [(user_type (type_identifier) @call .) (user_type (type_identifier) @call . (type_arguments))])
(inheritance_specifier inherits_from: [(user_type (type_identifier) @base .) (user_type (type_identifier) @base . (type_arguments))])
(user_type (type_identifier) @mention)
