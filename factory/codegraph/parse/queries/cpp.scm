(class_specifier name: [(type_identifier) @name (template_type name: (type_identifier) @name)] body: (_) @body) @class
(struct_specifier name: (template_type name: (type_identifier) @name) body: (_) @body) @struct
(namespace_definition name: (_) @name body: (_) @body) @module
(alias_declaration name: (type_identifier) @name) @type
(concept_definition name: (identifier) @name) @type
(template_declaration) @outer
(function_definition
  declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name) (destructor_name)] @name)
    (reference_declarator (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name))
    (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))]
  [(compound_statement) (default_method_clause) (delete_method_clause)] @body) @function
(function_definition
  declarator: [
    (function_declarator declarator: (qualified_identifier scope: (_) @owner
      name: [(identifier) (operator_name) (destructor_name)] @name))
    (function_declarator declarator: (qualified_identifier name: (qualified_identifier scope: (_) @owner
      name: [(identifier) (operator_name) (destructor_name)] @name)))
    (reference_declarator (function_declarator declarator: (qualified_identifier scope: (_) @owner
      name: [(identifier) (operator_name)] @name)))
    (pointer_declarator declarator: (function_declarator declarator: (qualified_identifier scope: (_) @owner
      name: [(identifier) (operator_name)] @name)))]
  body: (_) @body) @function
(field_declaration declarator: [
  (function_declarator declarator: [(field_identifier) (operator_name)] @name)
  (reference_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))
  (pointer_declarator declarator: (function_declarator declarator: [(field_identifier) (operator_name)] @name))
  ]) @function
(declaration declarator: (function_declarator declarator: [(destructor_name) (operator_name)] @name)) @function
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @field

(call_expression function: [
  (qualified_identifier name: [(identifier) @call (template_function name: (identifier) @call)])
  (qualified_identifier name: (qualified_identifier name: [(identifier) @call (template_function name: (identifier) @call)]))
  (template_function name: (identifier) @call)
  (field_expression field: (template_method name: (field_identifier) @call))])
(new_expression type: [
  (type_identifier) @call
  (template_type name: (type_identifier) @call)
  (qualified_identifier name: (type_identifier) @call)])
(base_class_clause [
  (type_identifier) @base
  (template_type name: (type_identifier) @base)
  (qualified_identifier name: [(type_identifier) @base (template_type name: (type_identifier) @base)])])
