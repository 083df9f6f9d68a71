/** The lines of the pictures that are there before the chat's script is. */

export const SEND = "M12 20V5M5.5 11L12 4.5 18.5 11";
export const CLIP = "M20 11.5l-8.2 8.2a5 5 0 0 1-7.1-7.1l8.6-8.6a3.4 3.4 0 0 1 4.8 4.8L9.6 17.3a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8";
