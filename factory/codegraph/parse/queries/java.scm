(class_declaration name: (identifier) @name body: (_) @body) @class
(interface_declaration name: (identifier) @name body: (_) @body) @interface
(annotation_type_declaration name: (identifier) @name body: (_) @body) @interface
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(record_declaration name: (identifier) @name body: (_) @body) @class
(method_declaration name: (identifier) @name body: (_)? @body) @method
(constructor_declaration name: (identifier) @name body: (_) @body) @constructor
(compact_constructor_declaration name: (identifier) @name body: (_) @body) @constructor
(annotation_type_element_declaration name: (identifier) @name) @method
(field_declaration declarator: (variable_declarator name: (identifier) @name)) @field
(constant_declaration declarator: (variable_declarator name: (identifier) @name)) @constant
(enum_constant name: (identifier) @name) @constant

(import_declaration) @import

(method_invocation name: (identifier) @call)
(object_creation_expression type: [
  (type_identifier) @call
  (scoped_type_identifier (type_identifier) @call .)
  (generic_type . [(type_identifier) @call (scoped_type_identifier (type_identifier) @call .)])])
(method_reference (identifier) @call .)
(superclass [
  (type_identifier) @base
  (scoped_type_identifier (type_identifier) @base .)
  (generic_type . [(type_identifier) @base (scoped_type_identifier (type_identifier) @base .)])])
(type_list [
  (type_identifier) @base
  (scoped_type_identifier (type_identifier) @base .)
  (generic_type . [(type_identifier) @base (scoped_type_identifier (type_identifier) @base .)])])
(annotation name: [(identifier) @mention (scoped_identifier name: (identifier) @mention)])
(marker_annotation name: [(identifier) @mention (scoped_identifier name: (identifier) @mention)])
(type_identifier) @mention
