//go:build unix && !darwin

package earlytmp

// The user's cache folder, as os.UserCacheDir has it.
const (
	cacheVariable  = "XDG_CACHE_HOME"
	cacheBelowHome = "/.cache"
)
