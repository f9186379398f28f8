package earlytmp

// The user's cache folder, as os.UserCacheDir has it.
const (
	cacheVariable  = "" // macOS has none
	cacheBelowHome = "/Library/Caches"
)
