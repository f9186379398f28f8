package kmssim

func elementDot(s *Server, o *object, args map[string]any) (any, *rpcError) {
	return s.dotLocked(o, textArg(args, "details")), nil
}
func (s *Server) dotLocked(o *object, details string) string { return "digraph pipeline {\n}\n" }
