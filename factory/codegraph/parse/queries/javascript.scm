(class_declaration name: (identifier) @name body: (_) @body) @class
(field_definition property: (_) @name value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @method
(field_definition property: (_) @name) @field
(class_heritage [(identifier) @base (member_expression property: (_) @base)
  (call_expression function: [(identifier) @base (member_expression property: (_) @base)])])
(jsx_opening_element name: [(identifier) @call (member_expression property: (_) @call)])
(jsx_self_closing_element name: [(identifier) @call (member_expression property: (_) @call)])
