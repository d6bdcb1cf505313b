"""Getting gifts to people: parcels, pickup points, top-ups, causes."""
