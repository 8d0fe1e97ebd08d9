(class_declaration name: (identifier) @name body: (_)? @body) @class
(record_declaration name: (identifier) @name body: (_)? @body) @class
(interface_declaration name: (identifier) @name body: (_) @body) @interface
(struct_declaration name: (identifier) @name body: (_)? @body) @struct
(enum_declaration name: (identifier) @name body: (_) @body) @enum
(namespace_declaration name: (_) @name body: (_) @body) @module
(delegate_declaration name: (identifier) @name) @type
(method_declaration name: (identifier) @name body: (_)? @body) @method
(local_function_statement name: (identifier) @name body: (_)? @body) @function
(constructor_declaration name: (identifier) @name body: (_) @body) @constructor
(property_declaration name: (identifier) @name accessors: (_)? @body) @field
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @field
(event_field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @field
(enum_member_declaration name: (identifier) @name) @constant

(using_directive) @import

(invocation_expression function: [
  (identifier) @call
  (generic_name . (identifier) @call)
  (member_access_expression name: [(identifier) @call (generic_name . (identifier) @call)])
  (conditional_access_expression (member_binding_expression name: [(identifier) @call (generic_name . (identifier) @call)]))])
(object_creation_expression type: [
  (identifier) @call
  (generic_name . (identifier) @call)
  (qualified_name name: [(identifier) @call (generic_name . (identifier) @call)])])
(base_list [
  (identifier) @base
  (generic_name . (identifier) @base)
  (qualified_name name: [(identifier) @base (generic_name . (identifier) @base)])
  (primary_constructor_base_type type: [(identifier) @base (generic_name . (identifier) @base)])])
(attribute name: [(identifier) @mention (qualified_name name: (identifier) @mention)])
(variable_declaration type: (identifier) @mention)
(parameter type: (identifier) @mention)
(method_declaration returns: (identifier) @mention)
(property_declaration type: (identifier) @mention)
(generic_name . (identifier) @mention)
(type_argument_list (identifier) @mention)
